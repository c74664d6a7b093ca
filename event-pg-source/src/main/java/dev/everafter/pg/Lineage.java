package dev.everafter.pg;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The histories of an adopted table that one program has seen, each forked off the one before. It is nowhere written: a
 * program that starts anew knows the present one alone.
 *
 * <p>Immutable.
 *
 * @param run what identifies the present one
 * @param epochs the oldest first
 */
record Lineage(AdoptedRun run, List<Epoch> epochs) {
    /**
     * One history.
     *
     * @param fork up to here it is the one before
     */
    record Epoch(String name, long fork) {}

    /** Copies the list. */
    Lineage {
        epochs = List.copyOf(epochs);
    }

    static Lineage beginning(AdoptedRun run) {
        return new Lineage(run, List.of(new Epoch(run.epoch(), 0)));
    }

    String epoch() {
        return epochs.get(epochs.size() - 1).name();
    }

    /** Up to where the present history is the one of that name; empty if none is known by it. */
    OptionalLong sharedWith(String name) {
        long shared = Long.MAX_VALUE;
        for (int i = epochs.size() - 1; i >= 0; i--) {
            if (epochs.get(i).name().equals(name)) {
                return OptionalLong.of(shared);
            }
            shared = Math.min(shared, epochs.get(i).fork());
        }
        return OptionalLong.empty();
    }

    /** The same history, on a server that was started anew. */
    Lineage goesOn(AdoptedRun now) {
        return new Lineage(now, epochs);
    }

    Lineage forked(AdoptedRun now, long fork) {
        List<Epoch> all = new ArrayList<>(epochs);
        all.add(new Epoch(name(now), fork));
        return new Lineage(now, all);
    }

    private String name(AdoptedRun now) {
        String name = now.epoch();
        for (int times = 1; sharedWith(name).isPresent(); times++) {
            name = now.epochAfterRewind(times);
        }
        return name;
    }
}
