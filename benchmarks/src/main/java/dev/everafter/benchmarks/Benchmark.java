package dev.everafter.benchmarks;

import java.util.List;

/** Something that can be measured by name. */
interface Benchmark {
    /** Measures, and fails if anything was not done completely. */
    List<Results> run(Database database, Options options) throws Exception;
}
