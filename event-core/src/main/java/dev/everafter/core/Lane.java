package dev.everafter.core;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The matches of one selection, found once for all its subscribers and kept while the tail keeps their events.
 *
 * <p>It publishes one immutable {@link View} through one volatile field. Subscribers hold nothing of it but their
 * position: whoever is at or beyond {@link View#coveredFrom()} may go on from here, whenever it comes.
 *
 * <p>{@code coveredFrom} is the newest <em>matching</em> id that was let go, not the tail's oldest: a quiet subscription
 * is covered for ever, and never sent back to the log for events that it would not match. It begins at the head of the
 * lane's creation, and goes back as far as the first subscribers need and the tail reaches ({@link Tail#fill}).
 *
 * <p>Its subscribers share the batches that are made of it, see {@link LaneBatches}.
 *
 * <p>Only the dispatcher calls the methods; any thread reads {@link #view()}.
 */
final class Lane {
    /** A lane that is still filled has no end. */
    static final long OPEN = Long.MAX_VALUE;

    private final Selection selection;
    private final EncodedBytes encoded;
    private final Set<HubCursor> subscribers = new LinkedHashSet<>();
    private int generation;
    private long coveredFrom;
    private long coveredTo = OPEN;
    private long quietFrom;
    private long quietTo;
    private @Nullable Event[] events = new Event[8];
    private int from;
    private int to;
    private int cleared;
    /** The place of the array's first event among all matches of the lane. */
    private long places;

    private LaneBatches batches = LaneBatches.alone();
    private boolean changed;
    private long bytes;
    private long lastSeen = -1;
    private volatile View view;

    Lane(Selection selection, Head head, EncodedBytes encoded) {
        this.selection = selection;
        this.encoded = encoded;
        this.generation = head.generation();
        this.coveredFrom = head.id();
        this.view = look();
    }

    private View look() {
        return new View(generation, coveredFrom, coveredTo, quietFrom, quietTo, events, from, to, places, batches);
    }

    Selection selection() {
        return selection;
    }

    Set<HubCursor> subscribers() {
        return subscribers;
    }

    void join(HubCursor cursor) {
        subscribers.add(cursor);
        if (subscribers.size() == 2) {
            renewBatches();
        }
    }

    void leave(HubCursor cursor) {
        if (subscribers.remove(cursor) && subscribers.size() == 1) {
            renewBatches();
        }
    }

    /** Those who come from now on share none with those who came before. */
    private void renewBatches() {
        batches = subscribers.size() > 1 ? LaneBatches.shared(encoded) : LaneBatches.alone();
        view = look();
    }

    View view() {
        return view;
    }

    /** Whether {@code serial} is new to this lane: an index may propose it more than once for one event. */
    boolean firstLook(long serial) {
        boolean first = lastSeen != serial;
        lastSeen = serial;
        return first;
    }

    /** All matches after this id are here. */
    long coveredFrom() {
        return coveredFrom;
    }

    boolean isEmpty() {
        return from == to;
    }

    Event oldest() {
        return Objects.requireNonNull(events[from]);
    }

    /** What its events cost, as it was told. */
    long bytes() {
        return bytes;
    }

    void append(Event event, long cost) {
        if (to == events.length) {
            makeRoom();
        }
        events[to++] = event;
        bytes += cost;
        changed = true;
    }

    /** Goes back to {@code position}: {@code missing} are all matches after it that are not covered yet. */
    void prepend(List<Event> missing, long position, long cost) {
        // A new array, so that views that are out keep theirs.
        @Nullable Event[] larger = new Event[Math.max(8, (missing.size() + to - from) * 2)];
        for (int at = 0; at < missing.size(); at++) {
            larger[at] = missing.get(at);
        }
        hold(larger, missing.size());
        coveredFrom = position;
        bytes += cost;
        changed = true;
    }

    /** Lets its oldest match go, which {@code id} names. */
    void dropOldest(long id, long cost) {
        quietFrom = coveredFrom;
        quietTo = id - 1;
        coveredFrom = id;
        from++;
        bytes -= cost;
        changed = true;
    }

    /** Forgets all; covered from {@code head} on. Up to {@code before} it had all, so it still knows where nothing was. */
    void clear(Head before, Head head) {
        quietFrom = from < to ? Objects.requireNonNull(events[to - 1]).id() : coveredFrom;
        quietTo = Math.min(before.id(), head.id());
        generation = head.generation();
        coveredFrom = head.id();
        places += to;
        events = new Event[8];
        from = 0;
        to = 0;
        cleared = 0;
        bytes = 0;
        changed = true;
        publish();
    }

    /** Makes everything since the last call visible at once. */
    void publish() {
        if (!changed) {
            return;
        }
        changed = false;
        View before = view;
        if (subscribers.size() > 1) {
            if (generation != before.generation || coveredFrom < before.coveredFrom) {
                // Ids mean other events now; or a batch may claim to begin where the lane did, which began too late.
                batches = LaneBatches.shared(encoded);
            } else if (coveredFrom > before.coveredFrom) {
                batches = batches.from(places + from);
            }
        }
        view = look();
        // Only now: who still reads the view before finds null where an event was, and looks at this one.
        Arrays.fill(events, cleared, from, null);
        cleared = from;
    }

    /** Nothing will be added after {@code head}; who still holds on to the lane sees where it ends. */
    void end(long head) {
        coveredTo = head;
        changed = true;
        publish();
    }

    /** A new array, so that views that are out keep theirs. */
    private void makeRoom() {
        hold(new Event[Math.max(8, (to - from) * 2)], 0);
    }

    /** Has the events in {@code larger} from now on, behind the {@code before} that are there already. */
    private void hold(@Nullable Event[] larger, int before) {
        System.arraycopy(events, from, larger, before, to - from);
        to += before - from;
        events = larger;
        places += from - before;
        from = 0;
        cleared = 0;
    }

    /**
     * What the lane covers at one moment.
     *
     * @param coveredFrom all matches after this id are here ...
     * @param coveredTo ... up to this one
     * @param quietFrom before {@code coveredFrom}, nothing matched after this id ...
     * @param quietTo ... up to this one
     * @param events in id order between {@code from} and {@code to}; null where the tail has let one go since
     * @param places the place of index 0 among all matches that the lane ever had
     * @param batches what its subscribers share of this stretch
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared; the array is the point
    record View(
            int generation,
            long coveredFrom,
            long coveredTo,
            long quietFrom,
            long quietTo,
            @Nullable Event[] events,
            int from,
            int to,
            long places,
            LaneBatches batches) {
        boolean covers(int askedGeneration, long position) {
            return generation == askedGeneration && position >= coveredFrom && position < coveredTo;
        }

        boolean wasQuiet(int askedGeneration, long position) {
            return generation == askedGeneration && position >= quietFrom && position < quietTo;
        }

        /** Whether there is an event in ({@code position}, {@code upTo}], or there was one when the view was made. */
        boolean mayHave(long position, long upTo) {
            int at = indexAfter(position);
            return at < 0 || hasAt(at, upTo);
        }

        /** Whether index {@code at} has an event up to {@code upTo}, or had one when the view was made. */
        boolean hasAt(int at, long upTo) {
            if (at >= to) {
                return false;
            }
            // Null: let go just now, and so not taken by this reader.
            Event next = events[at];
            return next == null || next.id() <= upTo;
        }

        /** The place of the event at index {@code at} among all matches of the lane. */
        long place(int at) {
            return places + at;
        }

        /** Nothing between this id and the event at index {@code at} matches; -1 if the view has been overtaken. */
        long matchBefore(int at) {
            if (at == from) {
                return coveredFrom;
            }
            Event before = events[at - 1];
            return before == null ? -1 : before.id();
        }

        /** The index of the first event after {@code position}, or -1 if the view has been overtaken. */
        int indexAfter(long position) {
            int low = from;
            int high = to;
            while (low < high) {
                int middle = (low + high) >>> 1;
                Event event = events[middle];
                if (event == null) {
                    return -1;
                }
                if (event.id() <= position) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }
    }
}
