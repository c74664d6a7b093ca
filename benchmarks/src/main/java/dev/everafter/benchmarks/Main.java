package dev.everafter.benchmarks;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Runs one benchmark and prints what it measured, on what, and how much of the machine others used meanwhile.
 *
 * <p>For one thread, in a process of its own: the load client's.
 */
@Command(
        name = "benchmarks/run",
        mixinStandardHelpOptions = true,
        description = "Measure what everafter costs, beside a bound in the same run. See docs/performance.md.")
public final class Main implements Callable<Integer> {
    static final String EVERYTHING = "dev\\.everafter\\..*";
    static final Map<String, Benchmark> BENCHMARKS = new LinkedHashMap<>();

    static {
        BENCHMARKS.put("writer-throughput", new WriterThroughput());
        BENCHMARKS.put("bulk", new Bulk());
        BENCHMARKS.put("fan-out", new FanOut());
        BENCHMARKS.put("distinct-filters", new DistinctFilters());
        BENCHMARKS.put("stalled", new Stalled());
        BENCHMARKS.put("idle-memory", new IdleMemory());
        BENCHMARKS.put("latency", new Latency());
        BENCHMARKS.put("catch-up", new CatchUp());
        BENCHMARKS.put("resume-storm", new ResumeStorm());
        BENCHMARKS.put("log-reading", new LogReading());
        BENCHMARKS.put("tail-delay", new TailDelay());
        BENCHMARKS.put("filter-memory", new FilterMemory());
        BENCHMARKS.put("policy-cost", new PolicyCost());
    }

    @Parameters(
            arity = "1..*",
            paramLabel = "NAME",
            description =
                    "writer-throughput, bulk, fan-out, distinct-filters, stalled, idle-memory, latency, catch-up, resume-storm,"
                            + " log-reading, tail-delay, filter-memory, policy-cost, or jmh.")
    private List<String> names = List.of();

    @Option(names = "--quick", description = "A run of seconds, which shows that it works and measures nothing.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Measure each variant so often.")
    private @Nullable Integer rounds;

    @Option(names = "--profile", paramLabel = "FILE", description = "Write a JFR profile of the server; costs it CPU.")
    private @Nullable Path profile;

    @Option(names = "--include", paramLabel = "REGEX", description = "The JMH benchmarks to run; all by default.")
    private String include = EVERYTHING;

    private final PrintStream out = System.out;

    private Main() {}

    /** Runs what the arguments name. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        for (String name : names) {
            if (name.equals("jmh")) {
                jmh(quick, include);
            } else {
                measure(name);
            }
        }
        return 0;
    }

    static Benchmark benchmark(String name) {
        Benchmark benchmark = BENCHMARKS.get(name);
        if (benchmark == null) {
            throw new IllegalArgumentException(name + " is none of " + BENCHMARKS.keySet() + " and jmh");
        }
        return benchmark;
    }

    private void measure(String name) throws Exception {
        Benchmark benchmark = benchmark(name);
        Options options = new Options(quick, Optional.ofNullable(rounds), Optional.ofNullable(profile));
        try (Database database = Database.start()) {
            out.println();
            out.println("== " + name + ", " + Instant.now(Clock.systemUTC()).truncatedTo(ChronoUnit.MINUTES) + ", "
                    + Runtime.getRuntime().availableProcessors() + " cores, Java "
                    + Runtime.version() + ", PostgreSQL " + database.version());
            Noise noise = new Noise(database);
            benchmark.run(database, options, results -> results.print(out));
            out.println();
            out.println(noise);
        }
    }

    /** A quick run is one short iteration of few cases in this JVM. Returns how many cases were run. */
    static int jmh(boolean quick, String include) throws RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder().include(include);
        if (quick) {
            // It measures nothing, so another JMH on this machine, which would be refused, is welcome to run.
            System.setProperty("jmh.ignoreLock", "true");
            options.forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(50))
                    .param("filters", "100");
        }
        Collection<RunResult> results = new Runner(options.build()).run();
        JmhRatios.of(results).forEach(System.out::println);
        return results.size();
    }
}
