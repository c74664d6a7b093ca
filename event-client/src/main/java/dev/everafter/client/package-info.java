/**
 * Subscriptions that survive everything between a Java program and the log: each handler sees every matching event after
 * its start, once, in id order.
 *
 * <p>A tour: an {@link dev.everafter.client.EventClient} holds one WebSocket connection and comes back whenever it is
 * lost. A {@link dev.everafter.client.Subscription} says what a program wants to see and from where; subscribed with an
 * {@link dev.everafter.client.EventHandler} it is an {@link dev.everafter.client.ActiveSubscription}. Where it has got to
 * is kept by name in a {@link dev.everafter.client.PositionStore}. Everything that goes wrong on the way, and is put
 * right, is told to a {@link dev.everafter.client.ClientListener}.
 */
@NullMarked
package dev.everafter.client;

import org.jspecify.annotations.NullMarked;
