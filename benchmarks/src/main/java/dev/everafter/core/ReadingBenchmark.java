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

/**
 * What it costs to read what a filter asks for: one column of an event's data, and beside it all of the data with the JSON
 * parser.
 *
 * <p>JMH runs it, in processes of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ReadingBenchmark {
    /** The length of the data, about. */
    @Param({"200", "2000"})
    public int bytes;

    private Event event = MeasuredEvents.order(0, 0);

    /** Makes the event. */
    @Setup
    public void write() {
        event = MeasuredEvents.order(0, bytes);
    }

    /** As a filter does it. */
    @Benchmark
    public Value column() {
        return new EventImages(event).current().value(Attribute.data("total"));
    }

    /** All of it. */
    @Benchmark
    public Object parsed() {
        return event.data().orElseThrow().parse();
    }
}
