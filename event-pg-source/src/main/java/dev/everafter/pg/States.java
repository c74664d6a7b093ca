package dev.everafter.pg;

import dev.everafter.pg.PgListener.State;
import org.jspecify.annotations.Nullable;

/** Tells a listener of each change of state, once. For one thread. */
final class States {
    private final PgListener listener;
    private @Nullable State present;

    States(PgListener listener) {
        this.listener = listener;
    }

    void enter(State state) {
        if (state != present) {
            present = state;
            listener.onState(state);
        }
    }
}
