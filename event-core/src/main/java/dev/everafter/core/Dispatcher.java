package dev.everafter.core;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The only writer of the tail, of the lanes and of the head.
 *
 * <p>The order of publication is what makes a cursor miss nothing: events go into the tail, then into all lanes that
 * match; whoever watches revocations is told of them; then the head is published; then whoever waits is woken. A cursor
 * reads the head first and a lane after it, so a lane shows all its matches up to the head that was read. Each step that is
 * left out loses events or wake-ups ({@code PublicationStress}), or shows what was revoked ({@code RevocationTest}).
 *
 * <p>All methods but {@link #head()}, {@link #tail()}, {@link #encodedBytes()}, {@link #crossed}, {@link #revocations()}
 * and {@link #submit} belong to the dispatcher's thread.
 */
final class Dispatcher {
    /** The most events that a lane is shown for the sake of one cursor: what lies further back is read by the readers. */
    static final int FILL_EVENTS = 1_024;

    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final HubListener listener;
    private final long tailBytes;
    private final EncodedBytes encoded;
    private final Map<Selection, Lane> lanes = new HashMap<>();
    private final LaneIndex index = new LaneIndex();
    private final Set<HubCursor> cursors = new LinkedHashSet<>();
    private final List<HubCursor> early = new ArrayList<>();
    /** Those that wait until their lane goes back as far as they need. */
    private final Deque<HubCursor> joining = new ArrayDeque<>();

    private final List<Consumer<Revocation>> revocations = new CopyOnWriteArrayList<>();

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

    /** Who is told of revocations, before anything that comes after them can be seen. */
    List<Consumer<Revocation>> revocations() {
        return revocations;
    }

    private void revoke(Revocation revocation) {
        revocations.forEach(told -> told.accept(revocation));
    }

    /** Has {@code command} done between two batches. */
    void submit(Runnable command) {
        inbox.add(command);
    }

    /**
     * Works until the thread is interrupted. Lanes are filled while there is nothing else to do, and one after each
     * update: so however many join, an update waits for one at most, and however many updates come, all join.
     */
    void run() throws InterruptedException {
        while (true) {
            Runnable command = joining.isEmpty() ? inbox.take() : inbox.poll();
            perform(command == null ? this::joinNext : command);
        }
    }

    /** Does what has been submitted so far. */
    void runPending() {
        for (Runnable command = inbox.poll(); command != null; command = inbox.poll()) {
            perform(command);
        }
        while (!joining.isEmpty()) {
            perform(this::joinNext);
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
        joinNext();
    }

    private void start(TailUpdate.Started started) {
        Head before = head;
        if (before == null) {
            Head first = new Head(0, started.epoch(), started.head());
            tail = new Tail(tailBytes, first, encoded);
            // Whoever was asked before it began may have answered by what has been revoked since.
            revoke(Revocation.OF_EVERYONE);
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
        // Nobody knows what there was among that which is skipped or gone.
        revoke(Revocation.OF_EVERYONE);
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
                if (Revocation.is(event)) {
                    // Before the head: whoever polls what comes after it has been told.
                    revoke(Revocation.of(event));
                }
            }
        }
        publish(events, new LinkedHashSet<>(matched));
        head = before.at(Math.max(before.id(), update.head()));
        matched.forEach(lane -> lane.subscribers().forEach(HubCursor::wake));

        listener.onHead(update.head(), appended);
    }

    private void append(Event event, Tail events, Set<Lane> touched) {
        EventImages images = new EventImages(event);
        events.append(event);
        index.candidates(images, new Matches(images, ++serial, events, touched));
        images.trouble().ifPresent(listener::onFailure);
    }

    /** Keeps to the tail's bytes, and shows what has changed in it and in {@code touched}. */
    private void publish(Tail events, Set<Lane> touched) {
        int evicted = events.evict(touched);
        events.publish();
        touched.forEach(Lane::publish);
        if (evicted > 0) {
            listener.onEvicted(evicted, events.bytes());
        }
    }

    /** Gives {@code cursor} the lane of its selection, at once or when that goes back far enough. */
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
        if (missing(lane, cursor, now).isPresent()) {
            joining.add(cursor);
        } else {
            cursor.attached(lane, now);
        }
    }

    /** How far back the cursor's lane should go for it; empty where that is of no use, or too far for this thread. */
    private OptionalLong missing(Lane lane, HubCursor cursor, Head now) {
        OptionalLong position = cursor.resumesAt(now);
        boolean near = position.isPresent() && requireTail().canFill(lane, position.getAsLong(), FILL_EVENTS);
        return near ? position : OptionalLong.empty();
    }

    /** Has the lane of the cursor that waits longest go back to it. */
    private void joinNext() {
        HubCursor cursor = joining.poll();
        if (cursor == null || !cursors.contains(cursor)) {
            return;
        }
        Head now = requireHead();
        Lane lane = Objects.requireNonNull(lanes.get(cursor.selection()));
        try {
            missing(lane, cursor, now).ifPresent(position -> {
                requireTail().fill(lane, position);
                publish(requireTail(), new LinkedHashSet<>(Set.of(lane)));
            });
        } finally {
            cursor.attached(lane, now);
        }
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
            requireTail().remove(lane);
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

    /** Puts one event into the lanes that match it. */
    private record Matches(EventImages images, long serial, Tail events, Set<Lane> touched) implements Consumer<Lane> {
        @Override
        public void accept(Lane lane) {
            if (!lane.firstLook(serial)) {
                return;
            }
            lane.selection().select(images).ifPresent(form -> {
                events.append(images.event(), form, lane);
                touched.add(lane);
            });
        }
    }
}
