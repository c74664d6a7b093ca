package dev.everafter.testkit;

import dev.everafter.core.Event;
import java.util.Arrays;
import java.util.stream.IntStream;

/** A list of events that keeps of each its id and a fingerprint of all its content. Not safe for use by several threads. */
final class Deliveries {
    private static final long FNV_BASIS = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private long[] ids = new long[64];
    private long[] prints = new long[64];
    private int size;

    void add(Event event) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, size * 2);
            prints = Arrays.copyOf(prints, size * 2);
        }
        ids[size] = event.id();
        prints[size] = fingerprint(event);
        size++;
    }

    /** Of the wire form, which has everything in it. */
    private static long fingerprint(Event event) {
        long hash = FNV_BASIS;
        for (byte next : event.item().toByteArray()) {
            hash = (hash ^ next) * FNV_PRIME;
        }
        return hash;
    }

    int size() {
        return size;
    }

    long id(int index) {
        return ids[index];
    }

    long print(int index) {
        return prints[index];
    }

    /** Of a list in id order: the first index whose id is larger. */
    int after(long id) {
        int at = Arrays.binarySearch(ids, 0, size, id);
        return at < 0 ? -at - 1 : at + 1;
    }

    /** The indices in id order, those of equal ids in the order of delivery. */
    int[] sorted() {
        return IntStream.range(0, size)
                .boxed()
                .sorted((a, b) -> Long.compare(ids[a], ids[b]))
                .mapToInt(index -> index)
                .toArray();
    }
}
