package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.server.spi.Principal;
import java.util.Optional;

/**
 * What one connection may see: everything, where nobody is asked who they are.
 *
 * @param principal who it is; empty where nobody is asked
 * @param visibility ANDed to every subscription
 */
record Access(Optional<Principal> principal, Filter visibility) {
    /** Of everybody, where nobody is asked. */
    static final Access OPEN = new Access(Optional.empty(), Filter.all());
}
