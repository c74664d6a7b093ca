package dev.everafter.benchmarks;

import java.util.function.Consumer;

/** Something that can be measured by name. */
interface Benchmark {
    /** Measures, hands over each part's results once it has them, and fails if anything was not done completely. */
    void run(Database database, Options options, Consumer<Results> results) throws Exception;
}
