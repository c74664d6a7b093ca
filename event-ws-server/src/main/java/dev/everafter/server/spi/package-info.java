/**
 * What others implement to say who may connect, who they are, and what they may see.
 *
 * <p>A tour: an {@link dev.everafter.server.spi.Authenticator} is shown a {@link dev.everafter.server.spi.BearerToken} and
 * makes a {@link dev.everafter.server.spi.Decision}: it names a {@link dev.everafter.server.spi.Principal}, refuses, or
 * can't tell now. An {@link dev.everafter.server.spi.AccessPolicy} says what the principal may see,
 * and an {@link dev.everafter.server.spi.EventCheck} the same of single events, where no filter can.
 * A {@link dev.everafter.server.spi.Renderer} says what is shown of an event.
 */
@NullMarked
package dev.everafter.server.spi;

import org.jspecify.annotations.NullMarked;
