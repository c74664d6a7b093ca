package dev.everafter.core;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What was made of one batch, for those who come to it later: an entry for each different encoder, of which there are few.
 * Two who come first at once may each make their own; they are equal, and one of them is kept.
 *
 * <p>Safe for use by any thread: an entry is complete before it is published, and never changed.
 */
final class Encodings {
    private static final int MOST = 4;

    private final EncodedBytes kept;
    private final AtomicReference<@Nullable Made> newest = new AtomicReference<>();

    private record Made(
            BatchEncoder<?> encoder,
            Object encoded,
            int number,
            @Nullable Made before) {}

    Encodings(EncodedBytes kept) {
        this.kept = kept;
    }

    <T> T of(Batch batch, BatchEncoder<T> encoder) {
        Made first = newest.get();
        for (Made made = first; made != null; made = made.before) {
            if (made.encoder.equals(encoder)) {
                @SuppressWarnings("unchecked") // an equal encoder's results have its type
                T found = (T) made.encoded;
                return found;
            }
        }
        T encoded = encoder.encode(batch);
        int number = first == null ? 1 : first.number + 1;
        if (number <= MOST && newest.compareAndSet(first, new Made(encoder, encoded, number, first))) {
            kept.add(this, encoder.bytes(encoded));
        }
        return encoded;
    }

    /** Lets everything go; who is about to send it still has it. */
    void clear() {
        newest.set(null);
    }
}
