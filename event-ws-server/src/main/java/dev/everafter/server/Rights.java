package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.server.spi.Principal;
import java.util.Optional;

/** What a session may see now, if that is certain. */
interface Rights {
    /** Whether {@link #visibility()} is in force. While it isn't, nothing is sent by it. May be called by any thread. */
    boolean hold();

    /** ANDed to every subscription. */
    Filter visibility();

    /** Whose they are; empty where nobody is asked. */
    Optional<Principal> principal();
}
