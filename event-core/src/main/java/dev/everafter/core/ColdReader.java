package dev.everafter.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Looks back for a cursor, in the nearest place that still has it: the tail, or the log up to the head that was proven
 * before the reading began.
 *
 * <p>Used by the cold readers' threads.
 */
final class ColdReader {
    private final EventLog log;
    private final Dispatcher dispatcher;
    private final ReadLimits limits;
    private final Consumer<Runnable> later;
    private final HubListener listener;

    /** @param later does what it is given after a while */
    ColdReader(EventLog log, Dispatcher dispatcher, ReadLimits limits, Consumer<Runnable> later, HubListener listener) {
        this.log = log;
        this.dispatcher = dispatcher;
        this.limits = limits;
        this.later = later;
        this.listener = listener;
    }

    Start resolve(StartFrom from) {
        return log.resolve(from);
    }

    /** Empty where the reader's history, the hub's and the log's are not the same just now. */
    Optional<ColdPage> read(Selection selection, int generation, long after) {
        // Before the tail and before the log's snapshot: neither is looked at beyond it.
        Head head = dispatcher.head().orElseThrow();
        if (head.generation() != generation || after >= head.id()) {
            return Optional.empty();
        }
        Lane.View tail = dispatcher.tail().orElseThrow();
        if (tail.covers(generation, after)) {
            Optional<ColdPage> found = scan(tail, selection, after, head);
            if (found.isPresent()) {
                return found;
            }
        }
        long began = System.nanoTime();
        Page page = log.read(after, head.id(), selection.combined(), limits);
        listener.onColdRead(page.events().size(), System.nanoTime() - began);
        if (!page.epoch().equals(head.epoch())) {
            return Optional.empty();
        }
        List<Event> matching = page.events().stream()
                .map(selection::select)
                .flatMap(Optional::stream)
                .toList();
        return Optional.of(new ColdPage(generation, after, page.oldest(), matching, page.scannedTo()));
    }

    /** Empty if the tail has let go of the events meanwhile. */
    private Optional<ColdPage> scan(Lane.View tail, Selection selection, long after, Head head) {
        List<Event> matching = new ArrayList<>();
        int examined = 0;
        long bytes = 0;
        int at = tail.indexAfter(after);
        if (at < 0) {
            return Optional.empty();
        }
        long scannedTo = head.id();
        for (; at < tail.to(); at++) {
            Event event = tail.events()[at];
            if (event == null) {
                return Optional.empty();
            }
            if (event.id() > head.id()) {
                break;
            }
            selection.select(event).ifPresent(matching::add);
            bytes += event.item().length();
            if (++examined == limits.events() || bytes >= limits.bytes()) {
                scannedTo = event.id();
                break;
            }
        }
        return Optional.of(new ColdPage(head.generation(), after, after, matching, scannedTo));
    }

    /** Does {@code retry} after a while. */
    void later(Runnable retry) {
        later.accept(retry);
    }
}
