package dev.everafter.benchmarks;

import dev.everafter.benchmarks.LoadClient.Totals;

/**
 * What our server has sent on each of some ways, on the average, for {@link NettyServer} to send as many messages with as many
 * bytes in the same time; they stand for as many events.
 *
 * <p>For one thread.
 */
final class Shape {
    private int events = 1;
    private int frames = 1;
    private int length = 300;
    private int marks = 1;

    void learn(Totals sent, int written, int ways) {
        events = written;
        frames = Math.max(1, Math.round((float) sent.messages() / ways));
        length = Math.round((float) sent.bytes() / sent.messages());
        marks = Math.max(1, Math.round((float) written / frames));
    }

    /** The events that the frames of one way stand for. */
    int events() {
        return events;
    }

    /** The events that are found in the frames of one way. */
    long marked() {
        return (long) frames * marks;
    }

    /**
     * {@link NettyServer}'s command.
     *
     * @param rate events a second; 0 for as fast as they are read
     */
    String command(String verb, int rate) {
        long nanosEach = rate == 0 ? 0 : 1_000_000_000L * events / rate / frames;
        return verb + " " + frames + " " + length + " " + marks + " " + nanosEach;
    }
}
