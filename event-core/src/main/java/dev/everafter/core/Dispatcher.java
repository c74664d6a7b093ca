package dev.everafter.core;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The only writer of the tail, of the lanes and of the head.
 *
 * <p>The order of publication is what makes a cursor miss nothing: events go into the tail, then into all lanes that
 * match; then the head is published; then whoever waits is woken. A cursor reads the head first and a lane after it, so
 * a lane shows all its matches up to the head that was read. Each step that is left out loses events or wake-ups
 * ({@code PublicationStress}).
 *
 * <p>All methods but {@link #head()}, {@link #tail()}, {@link #encodedBytes()}, {@link #crossed} and {@link #submit} belong to the dispatcher's
 * thread.
 */
final class Dispatcher {
    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final HubListener listener;
    private final long tailBytes;
    private final EncodedBytes encoded;
    private final Map<Selection, Lane> lanes = new HashMap<>();
    private final LaneIndex index = new LaneIndex();
    private final Set<HubCursor> cursors = new LinkedHashSet<>();
    private final List<HubCursor> early = new ArrayList<>();
    private long serial;

    /** The ids at which each generation after the first took over; replaced, never changed. */
    private volatile List<Long> forks = List.of();

    private volatile @Nullable Tail tail;
    private volatile @Nullable Head head;

    Dispatcher(long tailBytes, long encodedBytes, HubListener listener) {
        this.tailBytes = tailBytes;
        this.encoded = new EncodedBytes(encodedBytes);
        this.listener = listener;
    }

    /** How far all is proven; empty until the tailer has told it first. */
    Optional<Head> head() {
        return Optional.ofNullable(head);
    }

    /** What the tail holds; empty before there is a head. */
    Optional<Lane.View> tail() {
        return Optional.ofNullable(tail).map(Tail::view);
    }

    /** The bytes of encoded batches that are kept for others. */
    long encodedBytes() {
        return encoded.bytes();
    }

    /** Of the rewinds between two generations, the one that goes back furthest. */
    long crossed(int generation, int later) {
        return forks.subList(generation, later).stream()
                .mapToLong(Long::longValue)
                .min()
                .orElse(Position.MAX_ID);
    }

    /** Has {@code command} done between two batches. */
    void submit(Runnable command) {
        inbox.add(command);
    }

    /** Works until the thread is interrupted. */
    void run() throws InterruptedException {
        while (true) {
            perform(inbox.take());
        }
    }

    /** Does what has been submitted so far. */
    void runPending() {
        for (Runnable command = inbox.poll(); command != null; command = inbox.poll()) {
            perform(command);
        }
    }

    private void perform(Runnable command) {
        try {
            command.run();
        } catch (RuntimeException | Error e) {
            // Whatever it was, the others go on.
            listener.onFailure(Failures.of(e));
        }
    }

    void apply(TailUpdate update) {
        if (update instanceof TailUpdate.Advanced advanced) {
            try {
                advance(advanced);
            } catch (RuntimeException e) {
                // Half in the lanes is worse than not at all: let everybody read it from the log.
                listener.onFailure(e);
                forget(requireHead().at(Math.max(requireHead().id(), advanced.head())));
            }
        } else if (update instanceof TailUpdate.Started started) {
            start(started);
        } else if (update instanceof TailUpdate.EpochChanged changed) {
            rewind(changed.epoch(), changed.fork());
        }
    }

    private void start(TailUpdate.Started started) {
        Head before = head;
        if (before == null) {
            Head first = new Head(0, started.epoch(), started.head());
            tail = new Tail(tailBytes, first, encoded);
            head = first;
            List.copyOf(early).forEach(this::attach);
            early.clear();
        } else if (started.head() > before.id()) {
            // What lies between was in no tail: cursors find it in the log.
            forget(before.at(started.head()));
        }
    }

    private void rewind(String epoch, long fork) {
        Head before = requireHead();
        List<Long> more = new ArrayList<>(forks);
        more.add(fork);
        forks = List.copyOf(more);
        forget(new Head(before.generation() + 1, epoch, fork));
        listener.onEpochChanged(epoch, fork);
    }

    private void forget(Head from) {
        Head before = requireHead();
        requireTail().clear(before, from);
        lanes.values().forEach(lane -> lane.clear(before, from));
        head = from;
        cursors.forEach(HubCursor::signal);
    }

    private void advance(TailUpdate.Advanced update) {
        Head before = requireHead();
        Tail events = requireTail();
        Set<Lane> matched = new LinkedHashSet<>();
        int appended = 0;
        for (Event event : update.events()) {
            if (event.id() > before.id()) {
                append(event, events, matched);
                appended++;
            }
        }
        Set<Lane> touched = new LinkedHashSet<>(matched);
        int evicted = events.evict(touched);

        events.publish();
        touched.forEach(Lane::publish);
        head = before.at(Math.max(before.id(), update.head()));
        matched.forEach(lane -> lane.subscribers().forEach(HubCursor::wake));

        listener.onHead(update.head(), appended);
        if (evicted > 0) {
            listener.onEvicted(evicted, events.bytes());
        }
    }

    private void append(Event event, Tail events, Set<Lane> touched) {
        EventImages images = new EventImages(event);
        Matches matches = new Matches(images, ++serial, touched);
        index.candidates(images, matches);
        images.trouble().ifPresent(listener::onFailure);
        events.append(event, matches.lanes, matches.formBytes);
    }

    /** Gives {@code cursor} the lane of its selection. */
    void attach(HubCursor cursor) {
        Head now = head;
        if (now == null) {
            early.add(cursor);
            return;
        }
        cursors.add(cursor);
        Lane lane = lanes.get(cursor.selection());
        if (lane == null) {
            lane = new Lane(cursor.selection(), now, encoded);
            lanes.put(cursor.selection(), lane);
            index.add(lane);
            listener.onLaneCreated(lanes.size());
        }
        lane.join(cursor);
        cursor.attached(lane, now);
    }

    /** Takes {@code cursor} out, and its lane with the last one. */
    void detach(HubCursor cursor) {
        early.remove(cursor);
        Lane lane = lanes.get(cursor.selection());
        if (!cursors.remove(cursor) || lane == null) {
            return;
        }
        lane.leave(cursor);
        if (lane.subscribers().isEmpty()) {
            lanes.remove(cursor.selection());
            index.remove(lane);
            lane.end(requireHead().id());
            listener.onLaneRemoved(lanes.size());
        }
    }

    void closeAll() {
        List.copyOf(early).forEach(HubCursor::close);
        List.copyOf(cursors).forEach(HubCursor::close);
    }

    private Head requireHead() {
        Head known = head;
        if (known == null) {
            throw new IllegalStateException("the tailer's first update was not Started");
        }
        return known;
    }

    private Tail requireTail() {
        Tail known = tail;
        if (known == null) {
            throw new IllegalStateException("the tailer's first update was not Started");
        }
        return known;
    }

    /** Collects the lanes that one event goes into. */
    private static final class Matches implements Consumer<Lane> {
        private final EventImages images;
        private final long serial;
        private final Set<Lane> touched;
        private final List<Lane> lanes = new ArrayList<>(2);
        private long formBytes;

        Matches(EventImages images, long serial, Set<Lane> touched) {
            this.images = images;
            this.serial = serial;
            this.touched = touched;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // the very event costs nothing more, an equal one does
        public void accept(Lane lane) {
            if (!lane.firstLook(serial)) {
                return;
            }
            Optional<Event> form = lane.selection().select(images);
            if (form.isEmpty()) {
                return;
            }
            lane.append(form.get());
            lanes.add(lane);
            touched.add(lane);
            if (form.get() != images.event()) {
                formBytes += form.get().size();
            }
        }
    }
}
