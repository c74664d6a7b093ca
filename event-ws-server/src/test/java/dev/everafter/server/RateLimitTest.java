package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
    // So near to its end that it overflows.
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5_000_000_000L);
    private final RateLimit rate = new RateLimit(10, now::get);

    private int taken() {
        int taken = 0;
        while (taken < 1_000 && rate.take()) {
            taken++;
        }
        return taken;
    }

    @Test
    void shouldGiveTenSecondsWorthAtOnceAndThenTheRate() {
        assertEquals(100, taken());
        now.addAndGet(1_000_000_000L);
        assertEquals(10, taken());
        now.addAndGet(50_000_000L);
        assertEquals(0, taken());
        now.addAndGet(50_000_000L);
        assertEquals(1, taken());
    }

    @Test
    void shouldNotSaveMoreThanTenSecondsWorthWhenNothingIsAskedFor() {
        assertEquals(100, taken());
        now.addAndGet(3_600_000_000_000L);
        assertEquals(100, taken());
    }
}
