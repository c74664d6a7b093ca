package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PositionTest {
    @Test
    void shouldTakeEveryIdThatJsonKeepsExact() {
        assertEquals(9_007_199_254_740_991L, Position.MAX_ID);
        assertEquals(0, new Position("e", 0).id());
        assertEquals(Position.MAX_ID, new Position("e", Position.MAX_ID).id());
        assertEquals(7, new StartFrom.AfterId(7).id());
    }

    @Test
    void shouldRefuseWhatIsNoPosition() {
        for (long id : new long[] {-1, Long.MIN_VALUE, Position.MAX_ID + 1, Long.MAX_VALUE}) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> new Position("e", id));
            assertTrue(e.toString().contains(Long.toString(id)), e::toString);
            assertThrows(IllegalArgumentException.class, () -> new StartFrom.AfterId(id));
            assertThrows(IllegalArgumentException.class, () -> new Position("e", 1).at(id));
        }
        assertThrows(IllegalArgumentException.class, () -> new Position("", 1));
    }

    @Test
    void shouldKeepItsEpochWhenMoved() {
        assertEquals(new Position("e", 2), new Position("e", 1).at(2));
        assertNotEquals(new Position("f", 2), new Position("e", 2));
        assertEquals("e:2", new Position("e", 2).toString());
    }
}
