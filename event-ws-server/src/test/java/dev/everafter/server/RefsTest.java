package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.Filter;
import dev.everafter.core.Selection;
import org.junit.jupiter.api.Test;

class RefsTest {
    private static final Refs.Shape ORDERS = new Refs.Shape(Selection.of(Filter.topic("orders")), 10, 1_000);

    private final Refs refs = new Refs();

    private Refs.Ref take(Refs.Shape shape) {
        return refs.take(shape, number -> false);
    }

    @Test
    void shouldNumberEqualOnesOfDifferentConnectionsAlike() {
        assertEquals(take(ORDERS).number(), take(ORDERS).number());
    }

    @Test
    void shouldTellApartWhatDiffersInSelectionOrLimits() {
        assertEquals(1, take(ORDERS).number());
        assertEquals(
                2, take(new Refs.Shape(Selection.of(Filter.all()), 10, 1_000)).number());
        assertEquals(3, take(new Refs.Shape(ORDERS.selection(), 11, 1_000)).number());
        assertEquals(4, take(new Refs.Shape(ORDERS.selection(), 10, 1_001)).number());
    }

    @Test
    void shouldGiveTheSecondOfAConnectionANumberOfItsOwnAndShareThatToo() {
        int first = take(ORDERS).number();
        int second = refs.take(ORDERS, number -> number == first).number();
        int again = refs.take(ORDERS, number -> number == first).number();

        assertEquals(1, first);
        assertEquals(2, second);
        assertEquals(2, again);
    }

    @Test
    void shouldGiveANumberOutAgainOnlyWhenNobodyHasIt() {
        Refs.Ref one = take(ORDERS);
        Refs.Ref other = take(ORDERS);
        one.release();
        assertEquals(1, take(ORDERS).number());
        assertEquals(
                2, take(new Refs.Shape(Selection.of(Filter.all()), 10, 1_000)).number());
        other.release();
        one.release();
        assertEquals(
                1,
                take(new Refs.Shape(Selection.of(Filter.topic("other")), 10, 1_000))
                        .number());
    }
}
