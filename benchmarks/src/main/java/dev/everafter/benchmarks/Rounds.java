package dev.everafter.benchmarks;

import java.util.List;
import java.util.Map;

/**
 * Measures variants in turn, forwards in one round and backwards in the next (A B B A), so that what drifts is shared.
 *
 * <p>For one thread.
 */
final class Rounds {
    private final int warmUps;
    private final int rounds;

    /** @param warmUps rounds before the first that counts */
    Rounds(int warmUps, int rounds) {
        this.warmUps = warmUps;
        this.rounds = rounds;
    }

    /** One way to do something. */
    record Variant(String name, Measurement measurement) {}

    /** Does it once, checks that it was done completely, and says what it cost: figures by their names. */
    interface Measurement {
        Map<String, Double> measure() throws Exception;
    }

    /** Runs all rounds; ratios will be to the variant {@code base}. */
    Results run(String title, String base, List<Variant> variants) throws Exception {
        Results results = new Results(title, base);
        for (int round = -warmUps; round < rounds; round++) {
            System.err.println(title + ": " + (round < 0 ? "warming up" : "round " + (round + 1) + " of " + rounds));
            // the first that counts goes forwards, and decides the order of printing
            boolean forwards = Math.floorMod(round, 2) == 0;
            for (int i = 0; i < variants.size(); i++) {
                Variant variant = variants.get(forwards ? i : variants.size() - 1 - i);
                Map<String, Double> figures = variant.measurement().measure();
                if (round >= 0) {
                    results.add(variant.name(), figures);
                }
            }
        }
        return results;
    }
}
