package dev.everafter.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class BackoffTest {
    /** Draws the largest number each time, so the limits can be seen. */
    private static final RandomGenerator HIGHEST = new RandomGenerator() {
        @Override
        public long nextLong() {
            throw new UnsupportedOperationException();
        }

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    };

    @Test
    void shouldDoubleTheLimitUpToTheLargest() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1), HIGHEST);
        assertEquals(Duration.ofMillis(100), backoff.next());
        assertEquals(Duration.ofMillis(200), backoff.next());
        assertEquals(Duration.ofMillis(400), backoff.next());
        assertEquals(Duration.ofMillis(800), backoff.next());
        assertEquals(Duration.ofSeconds(1), backoff.next());
        for (int i = 0; i < 100; i++) {
            assertEquals(Duration.ofSeconds(1), backoff.next());
        }
        assertEquals(105, backoff.failures());
        backoff.reset();
        assertEquals(Duration.ofMillis(100), backoff.next());
    }

    @Test
    void shouldDrawFromTheWholeRange() {
        Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofMillis(100), new java.util.Random(7));
        long below = 0;
        for (int i = 0; i < 1000; i++) {
            below += backoff.next().compareTo(Duration.ofMillis(50)) < 0 ? 1 : 0;
        }
        assertTrue(below > 400 && below < 600, "below half: " + below);
    }
}
