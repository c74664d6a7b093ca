package dev.everafter.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * The newest events, up to a number of bytes, and with them what lanes hold. Letting an event go is what makes its lanes
 * let it go, so no event is held by anything but the tail, its lanes and the batches that are just being sent.
 *
 * <p>It is itself a lane that everything matches: a cursor that is not covered by its own lane yet, but is still within
 * the tail, reads here instead of the log.
 *
 * <p>For the dispatcher's thread, but for {@link #view()}.
 */
final class Tail {
    /** What a lane's reference to an event costs. */
    private static final long REFERENCE = 8;

    private final long maxBytes;
    private final Lane all;
    /** Every lane that holds events, by the id of its oldest, with which it has to let go next. */
    private final Map<Long, Set<Lane>> byOldest = new HashMap<>();

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

    void append(Event event) {
        all.append(event, event.size());
        bytes += event.size();
    }

    /** Has {@code lane} hold {@code form}, in which it takes the newest event. */
    void append(Event event, Event form, Lane lane) {
        boolean first = lane.isEmpty();
        lane.append(form, cost(event, form));
        bytes += cost(event, form);
        if (first) {
            keep(lane);
        }
    }

    /** Whether {@code lane} lacks {@code position}, and can be made to cover it by showing it at most {@code events}. */
    boolean canFill(Lane lane, long position, int events) {
        Lane.View view = all.view();
        return position < lane.coveredFrom()
                && position >= view.coveredFrom()
                && view.indexAfter(lane.coveredFrom()) - view.indexAfter(position) <= events;
    }

    /** Has {@code lane} cover {@code position} as well, which the tail itself does. */
    void fill(Lane lane, long position) {
        Lane.View view = all.view();
        int end = view.indexAfter(lane.coveredFrom());
        List<Event> missing = new ArrayList<>();
        long cost = 0;
        for (int at = view.indexAfter(position); at < end; at++) {
            Event event = Objects.requireNonNull(view.events()[at]);
            Event form = lane.selection().select(event).orElse(null);
            if (form != null) {
                missing.add(form);
                cost += cost(event, form);
            }
        }
        leave(lane);
        lane.prepend(missing, position, cost);
        keep(lane);
        bytes += cost;
    }

    /** Lets go of what {@code lane} holds beyond the events themselves. */
    void remove(Lane lane) {
        leave(lane);
        bytes -= lane.bytes();
    }

    /** Lets events go until the rest fits, and adds the lanes that lose one to {@code touched}; returns how many. */
    int evict(Collection<Lane> touched) {
        int evicted = 0;
        while (bytes > maxBytes) {
            Event event = all.oldest();
            bytes -= event.size();
            all.dropOldest(event.id(), event.size());
            for (Lane lane : byOldest.getOrDefault(event.id(), Set.of())) {
                long cost = cost(event, lane.oldest());
                bytes -= cost;
                lane.dropOldest(event.id(), cost);
                keep(lane);
                touched.add(lane);
            }
            byOldest.remove(event.id());
            evicted++;
        }
        return evicted;
    }

    void publish() {
        all.publish();
    }

    void clear(Head before, Head head) {
        byOldest.clear();
        bytes = 0;
        all.clear(before, head);
    }

    private void keep(Lane lane) {
        if (!lane.isEmpty()) {
            byOldest.computeIfAbsent(lane.oldest().id(), id -> new LinkedHashSet<>(2))
                    .add(lane);
        }
    }

    private void leave(Lane lane) {
        if (!lane.isEmpty()) {
            byOldest.computeIfPresent(lane.oldest().id(), (id, lanes) -> {
                lanes.remove(lane);
                return lanes.isEmpty() ? null : lanes;
            });
        }
    }

    @SuppressWarnings("ReferenceEquality") // the very event costs nothing more, an equal one does
    private static long cost(Event event, Event form) {
        return form == event ? REFERENCE : REFERENCE + form.size();
    }
}
