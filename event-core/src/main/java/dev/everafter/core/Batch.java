package dev.everafter.core;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * All that a cursor's selection matches in ({@code after}, {@code to}], in id order; after it the cursor's position is
 * {@link #to()}. Subscribers of one selection that come to the same place with the same limits get the very same batch, so
 * what is made of it, {@link #encoded}, is made once for all of them.
 *
 * <p>Immutable but for what is kept of its encodings, and safe for use by any thread.
 */
public final class Batch {
    private final long after;
    private final long to;
    private final List<Event> events;
    private final @Nullable Encodings encodings;

    /**
     * A batch that nobody shares.
     *
     * @param events never empty; copied
     */
    public Batch(long after, long to, List<Event> events) {
        this(after, to, events, null);
    }

    Batch(long after, long to, List<Event> events, @Nullable Encodings encodings) {
        this.after = after;
        this.to = to;
        this.events = List.copyOf(events);
        this.encodings = encodings;
    }

    /**
     * Nothing after this id and up to the first event matches; not beyond the position that the cursor had, but perhaps
     * before it, where others share the batch.
     */
    public long after() {
        return after;
    }

    /** The position after; at least the last event's id. */
    public long to() {
        return to;
    }

    /** Never empty; each in the form this subscriber may see. */
    public List<Event> events() {
        return events;
    }

    /**
     * What {@code encoder} makes of this batch, perhaps made before for another subscriber with an equal encoder. How many
     * bytes are kept for others is bounded for the whole hub; what isn't kept is made again.
     */
    public <T> T encoded(BatchEncoder<T> encoder) {
        return encodings == null ? encoder.encode(this) : encodings.of(this, encoder);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Batch that && after == that.after && to == that.to && events.equals(that.events);
    }

    @Override
    public int hashCode() {
        return Objects.hash(after, to, events);
    }

    @Override
    public String toString() {
        return "(" + after + ", " + to + "] " + events;
    }
}
