package dev.everafter.testkit;

import dev.everafter.core.Event;
import dev.everafter.core.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one subscriber was told, from its first start to its last end: stretches, in each of which nothing may be repeated,
 * and which must join on to one another. A stretch lasts through any number of connections; a new one begins where the
 * subscriber itself starts anew.
 *
 * <p>Safe for use by any thread.
 */
public final class History {
    private final String name;
    private final int watch;
    private final Promise promise;
    private final List<Stretch> stretches = new ArrayList<>();
    private int holes;
    private int ended;

    /** @param watch the index of what it asks for, among those that the {@link LogTable} is read with */
    public History(String name, int watch, Promise promise) {
        this.name = name;
        this.watch = watch;
        this.promise = promise;
    }

    /** What may come again when a subscriber starts anew. */
    public enum Promise {
        /** Nothing: the position is kept with the effects, or the subscriber ends in order. */
        ONCE,
        /** What was handled since the position was saved last, for it dies without a word. */
        AT_LEAST_ONCE
    }

    /** The subscriber starts, for the first time or again. */
    public synchronized Stretch begin() {
        Stretch next = new Stretch();
        stretches.add(next);
        return next;
    }

    /** It was sent something that did not join on. */
    public synchronized void hole() {
        holes++;
    }

    /** Its subscription ended although nobody wanted that. */
    public synchronized void ended() {
        ended++;
    }

    /** How many events it was told. */
    public synchronized int deliveries() {
        return stretches.stream().mapToInt(stretch -> stretch.told.size()).sum();
    }

    synchronized Verdict compare(LogTable table) {
        return new Comparison(name, promise, table.expected(watch), holes, ended).of(stretches);
    }

    /** From one start on. Safe for use by any thread. */
    public static final class Stretch {
        private final Deliveries told = new Deliveries();
        private final List<long[]> gaps = new ArrayList<>();
        private Optional<Position> start = Optional.empty();
        private long last;
        private long end;
        private boolean over;

        private Stretch() {}

        /** Told by the server that it begins at {@code position}; counts the first time. */
        public synchronized void startsAt(Position position) {
            if (start.isEmpty() && !over) {
                start = Optional.of(position);
                last = position.id();
            }
        }

        /** Takes what was handled; false if the stretch is over, and so nobody is there to handle it. */
        public synchronized boolean take(Event event) {
            if (over) {
                return false;
            }
            told.add(event);
            last = Math.max(last, event.id());
            return true;
        }

        /** Takes a range that was said to be missing. */
        public synchronized void gap(long after, long to) {
            gaps.add(new long[] {after, to});
        }

        /** Nothing is taken from here on. Everything up to {@code claimed} must have been told, as the subscriber says. */
        public synchronized void end(long claimed) {
            over = true;
            end = Math.max(last, claimed);
        }

        /** As {@link #end(long)}, at the last event that was told. */
        public synchronized void end() {
            end(last);
        }

        /** Where a subscriber that keeps its position with its effects goes on; empty if it has not begun. */
        public synchronized Optional<Position> position() {
            return start.map(at -> at.at(last));
        }

        Deliveries told() {
            return told;
        }

        List<long[]> gaps() {
            return gaps;
        }

        Optional<Position> start() {
            return start;
        }

        long endsAt() {
            return end;
        }
    }
}
