/**
 * The log on the wire: protocol v1 ({@code docs/protocol.md}) for any Jakarta WebSocket container.
 *
 * <p>A tour: an {@link dev.everafter.server.EventEndpoint} serves one {@link dev.everafter.core.EventHub} by the rules of
 * its {@link dev.everafter.server.EndpointOptions} and tells a {@link dev.everafter.server.ServerListener} what happens.
 * Each connection is a session, and a session is its subscriptions' cursors, one work counter, and at most one message on
 * its way. The package {@code standalone} is a whole server around it.
 */
@NullMarked
package dev.everafter.server;

import org.jspecify.annotations.NullMarked;
