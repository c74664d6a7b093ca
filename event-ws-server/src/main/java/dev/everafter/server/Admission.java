package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.server.spi.Decision;

/**
 * What was made of a token: whose it is, and what they may see.
 *
 * @param visibility {@link Filter#none()} where the token was not accepted
 */
record Admission(Decision decision, Filter visibility) {
    /** Of whom isn't let in. */
    static Admission without(Decision decision) {
        return new Admission(decision, Filter.none());
    }
}
