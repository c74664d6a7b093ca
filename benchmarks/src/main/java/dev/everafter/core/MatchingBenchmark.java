package dev.everafter.core;

import java.util.ArrayList;
import java.util.List;
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
 * What the dispatcher pays to find who wants an event among {@code filters} different filters on a topic and a key, of
 * which one matches: by the index, and by asking each.
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
    @Param({"1", "100", "10000", "100000"})
    public int filters;

    private final LaneIndex index = new LaneIndex();
    private final List<Lane> lanes = new ArrayList<>();
    private final Event event = MeasuredEvents.order(0, 200);

    /** Fills the index. */
    @Setup
    public void fill() {
        for (int i = 0; i < filters; i++) {
            Lane lane = new Lane(Selection.of(MeasuredEvents.ofOrder(i)), new Head(0, "epoch", 0), new EncodedBytes(0));
            lanes.add(lane);
            index.add(lane);
        }
    }

    /** As the dispatcher does it. */
    @Benchmark
    public void index(Blackhole found) {
        EventImages images = new EventImages(event);
        index.candidates(images, lane -> found.consume(lane.selection().select(images)));
    }

    /** Without an index. */
    @Benchmark
    public void scan(Blackhole found) {
        EventImages images = new EventImages(event);
        lanes.forEach(lane -> found.consume(lane.selection().select(images)));
    }
}
