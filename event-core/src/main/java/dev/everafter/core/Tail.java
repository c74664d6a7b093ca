package dev.everafter.core;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;

/**
 * The newest events, up to a number of bytes. Letting one go is what makes its lanes let it go, so no event is held by
 * anything but the tail, its lanes and the batches that are just being sent.
 *
 * <p>It is itself a lane that everything matches: a cursor that is not covered by its own lane yet, but is still within
 * the tail, reads here instead of the log.
 *
 * <p>For the dispatcher's thread, but for {@link #view()}.
 */
final class Tail {
    private final long maxBytes;
    private final Lane all;
    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    private long bytes;

    Tail(long maxBytes, Head head, EncodedBytes encoded) {
        this.maxBytes = maxBytes;
        this.all = new Lane(Selection.of(Filter.all()), head, encoded);
    }

    Lane.View view() {
        return all.view();
    }

    long bytes() {
        return bytes;
    }

    /** @param formBytes what the forms cost that some of {@code matched} keep instead of the event itself */
    void append(Event event, List<Lane> matched, long formBytes) {
        Entry entry = new Entry(event, matched, event.size() + 8L * matched.size() + formBytes);
        entries.add(entry);
        bytes += entry.bytes;
        all.append(event);
    }

    /** Lets events go until the rest fits, and adds the lanes that lose one to {@code touched}; returns how many. */
    int evict(Collection<Lane> touched) {
        int evicted = 0;
        while (bytes > maxBytes) {
            Entry oldest = entries.remove();
            bytes -= oldest.bytes;
            all.dropOldest(oldest.event.id());
            for (Lane lane : oldest.matched) {
                lane.dropOldest(oldest.event.id());
                touched.add(lane);
            }
            evicted++;
        }
        return evicted;
    }

    void publish() {
        all.publish();
    }

    void clear(Head before, Head head) {
        entries.clear();
        bytes = 0;
        all.clear(before, head);
    }

    private record Entry(Event event, List<Lane> matched, long bytes) {}
}
