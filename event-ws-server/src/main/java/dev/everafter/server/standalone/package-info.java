/**
 * A whole server around an {@link dev.everafter.server.EventEndpoint}: Tyrus on Grizzly, with health checks and a console
 * page. {@link dev.everafter.server.standalone.EventServer} is all there is to it.
 */
@NullMarked
package dev.everafter.server.standalone;

import org.jspecify.annotations.NullMarked;
