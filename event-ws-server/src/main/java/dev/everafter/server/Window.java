package dev.everafter.server;

import dev.everafter.core.Event;
import java.util.List;

/**
 * The events sent beyond the last {@code ack}: never more than {@code size} of them.
 *
 * <p>Not safe for use by several threads.
 */
final class Window {
    /** Room without end: the size of a window that nobody asked for. */
    static final int UNLIMITED = Integer.MAX_VALUE;

    private final int size;
    // A ring that grows up to the window's size: most windows are never full.
    private long[] ids = new long[0];
    private int first;
    private int count;

    Window(int size) {
        this.size = size;
    }

    /** How many more events may be sent. */
    int room() {
        return size == UNLIMITED ? UNLIMITED : size - count;
    }

    void sent(List<Event> events) {
        if (size == UNLIMITED) {
            return;
        }
        reserve(events.size());
        for (Event event : events) {
            ids[(first + count++) % ids.length] = event.id();
        }
    }

    /** The client is done with everything up to {@code id}. */
    void acked(long id) {
        while (count > 0 && ids[first] <= id) {
            first = (first + 1) % ids.length;
            count--;
        }
    }

    /** What comes after {@code id} was not sent after all. */
    void unsent(long id) {
        while (count > 0 && ids[(first + count - 1) % ids.length] > id) {
            count--;
        }
    }

    /** The client's position was moved by the server: nothing that was sent counts any more. */
    void clear() {
        count = 0;
    }

    private void reserve(int more) {
        if (count + more > ids.length) {
            long[] grown = new long[Math.max(count + more, Math.min(size, ids.length * 2))];
            for (int i = 0; i < count; i++) {
                grown[i] = ids[(first + i) % ids.length];
            }
            ids = grown;
            first = 0;
        }
    }
}
