package dev.everafter.core;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What the dispatcher pays to find who wants an event among {@code filters} different filters: on the topic or on a column
 * (looked up; one matches), or negated (asked one by one; all but one match).
 *
 * <p>JMH runs it, in processes of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class MatchingBenchmark {
    /** How many different filters there are. */
    @Param({"1", "100", "10000"})
    public int filters;

    /** What they are about. */
    @Param({"topic", "column", "negation"})
    public String on = "topic";

    private final LaneIndex index = new LaneIndex();
    private Event event = Event.builder(1, "none", "none").build();

    /** Fills the index. */
    @Setup
    public void fill() {
        Head head = new Head(0, "epoch", 0);
        for (int i = 0; i < filters; i++) {
            index.add(new Lane(Selection.of(filter(i)), head));
        }
        event = Event.builder(1, "public.t0", "insert")
                .key(RawJson.of("{\"id\": 0}"))
                .data(RawJson.of("{\"id\": 0, \"name\": \"" + "x".repeat(200) + "\"}"))
                .build();
    }

    private Filter filter(int i) {
        Filter own = switch (on) {
            case "topic" -> Filter.eq(Attribute.TOPIC, Value.of("public.t" + i));
            case "column", "negation" -> Filter.eq(Attribute.data("id"), Value.of(i));
            default -> throw new IllegalArgumentException("unknown: " + on);
        };
        return on.equals("negation") ? Filter.not(own) : own;
    }

    /** Finds and asks the lanes for one event, as the dispatcher does. */
    @Benchmark
    public void match(Blackhole found) {
        EventImages images = new EventImages(event);
        index.candidates(images, lane -> found.consume(lane.selection().select(images)));
    }
}
