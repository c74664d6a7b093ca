package dev.everafter.server;

import dev.everafter.core.Selection;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/**
 * Numbers what subscriptions share: those that select the same and are sent it in the same form have one number, so a
 * message that names it can be sent to all of them. A second one of the same connection gets a number of its own, since the
 * client must tell them apart. Numbers that nobody has any more are given out again.
 *
 * <p>Safe for use by any thread.
 */
final class Refs {
    private final Map<Shape, List<Ref>> byShape = new HashMap<>();
    private final BitSet used = new BitSet();

    /** What a subscription's messages depend on beside where it is. */
    record Shape(Selection selection, int batch, int maxMessage) {}

    /** A number, and how many have it. */
    final class Ref {
        private final Shape shape;
        private final int number;
        private int holders;

        private Ref(Shape shape, int number) {
            this.shape = shape;
            this.number = number;
        }

        int number() {
            return number;
        }

        /** To be called once by each who took it. */
        void release() {
            synchronized (Refs.this) {
                if (--holders == 0) {
                    byShape.computeIfPresent(shape, (unused, equal) -> {
                        equal.remove(this);
                        return equal.isEmpty() ? null : equal;
                    });
                    used.clear(number);
                }
            }
        }
    }

    /** @param taken tells the numbers that the connection uses already */
    synchronized Ref take(Shape shape, IntPredicate taken) {
        List<Ref> equal = byShape.computeIfAbsent(shape, ignored -> new ArrayList<>(1));
        for (Ref ref : equal) {
            if (!taken.test(ref.number)) {
                ref.holders++;
                return ref;
            }
        }
        Ref added = new Ref(shape, used.nextClearBit(1));
        used.set(added.number);
        added.holders = 1;
        equal.add(added);
        return added;
    }
}
