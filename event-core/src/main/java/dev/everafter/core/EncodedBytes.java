package dev.everafter.core;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds what encoded batches cost that are kept for others, over all lanes: those that were made first go first.
 *
 * <p>Safe for use by any thread.
 */
final class EncodedBytes {
    private final long most;
    private final Queue<Kept> oldestFirst = new ConcurrentLinkedQueue<>();
    private final AtomicLong bytes = new AtomicLong();

    private record Kept(Encodings encodings, long bytes) {}

    EncodedBytes(long most) {
        this.most = most;
    }

    /** How many bytes are kept; of a lane that has let its batches go they count until newer ones take their place. */
    long bytes() {
        return bytes.get();
    }

    void add(Encodings encodings, long added) {
        oldestFirst.add(new Kept(encodings, added));
        long now = bytes.addAndGet(added);
        while (now > most) {
            Kept oldest = oldestFirst.poll();
            if (oldest == null) {
                return;
            }
            oldest.encodings.clear();
            now = bytes.addAndGet(-oldest.bytes);
        }
    }
}
