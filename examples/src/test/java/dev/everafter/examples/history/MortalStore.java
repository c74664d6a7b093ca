package dev.everafter.examples.history;

import dev.everafter.client.PositionStore;
import dev.everafter.core.Position;
import java.util.Optional;

/** A store as a program sees it that may die: from then on nothing is saved. Safe for use by any thread. */
final class MortalStore implements PositionStore {
    private final PositionStore store;
    private boolean dead;

    MortalStore(PositionStore store) {
        this.store = store;
    }

    synchronized void die() {
        dead = true;
    }

    @Override
    public synchronized Optional<Position> load(String name) {
        return store.load(name);
    }

    @Override
    public synchronized void save(String name, Position position) {
        if (!dead) {
            store.save(name, position);
        }
    }
}
