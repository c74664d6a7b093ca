package dev.everafter.testkit;

import java.util.Random;

/**
 * The seed of a random test: {@code -Dseed=} where given, else a new one; printed, so that a failure can be replayed.
 *
 * <p>Safe for use by any thread.
 */
public final class Seed {
    private Seed() {}

    /** A generator for {@code test}; with a given seed it is the same each time. */
    public static Random random(String test) {
        String given = System.getProperty("seed", "").strip();
        long seed = given.isEmpty() ? new Random().nextLong() : Long.parseLong(given);
        System.out.println(test + ": replay with -Dseed=" + seed);
        return new Random(seed);
    }
}
