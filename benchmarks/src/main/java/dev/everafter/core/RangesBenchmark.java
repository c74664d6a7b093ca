package dev.everafter.core;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What the dispatcher pays for each filter that can only be asked: one event, 10,000 different bounds on a column, of which
 * 1 % match.
 *
 * <p>JMH runs it, in processes of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RangesBenchmark {
    private static final int FILTERS = 10_000;

    private final LaneIndex index = new LaneIndex();
    private final Event event = MeasuredEvents.order(0, 200);

    /** Fills the index. */
    @Setup
    public void fill() {
        for (int i = 0; i < FILTERS; i++) {
            index.add(
                    new Lane(Selection.of(MeasuredEvents.aboveTotal(i)), new Head(0, "epoch", 0), new EncodedBytes(0)));
        }
    }

    /** As the dispatcher does it; the figure is for one filter. */
    @Benchmark
    @OperationsPerInvocation(FILTERS)
    public void perFilter(Blackhole found) {
        EventImages images = new EventImages(event);
        index.candidates(images, lane -> found.consume(lane.selection().select(images)));
    }
}
