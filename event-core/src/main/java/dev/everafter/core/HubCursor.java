package dev.everafter.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A cursor of an {@link EventHub}: a position, and on every poll one comparison that says where to go on from.
 *
 * <p>Coverage by the lane is looked at on <em>every</em> poll, so there is no moment of joining or leaving that could go
 * wrong. The head is read before the lane, see {@link Dispatcher}. To sleep it says that it waits and then looks again;
 * the dispatcher publishes and then looks who waits. Both are volatile, so one of the two sees the other.
 */
class HubCursor implements Cursor {
    private final Dispatcher dispatcher;
    private final ColdReads coldReads;
    private final ColdReader reader;
    private final HubListener listener;
    private final Selection selection;
    private volatile StartFrom from;
    private final AtomicReference<@Nullable ColdPage> page = new AtomicReference<>();

    private volatile Runnable onReady = () -> {};
    private volatile @Nullable Lane lane;
    private volatile @Nullable Start start;
    private volatile boolean asked;
    private volatile boolean waiting;
    private volatile boolean closed;
    private volatile State state = State.CATCHING_UP;
    private volatile int generation;
    private volatile long position;
    private volatile String epoch = "";
    private Optional<Poll> announced = Optional.empty();
    private Poll.@Nullable Ended ended;
    private boolean toldQueued;

    /** Makes cursors. Tests take their own, which do a step wrong. */
    interface Maker {
        HubCursor make(
                Dispatcher dispatcher,
                ColdReads coldReads,
                ColdReader reader,
                HubListener listener,
                Selection selection,
                StartFrom from);
    }

    HubCursor(
            Dispatcher dispatcher,
            ColdReads coldReads,
            ColdReader reader,
            HubListener listener,
            Selection selection,
            StartFrom from) {
        this.dispatcher = dispatcher;
        this.coldReads = coldReads;
        this.reader = reader;
        this.listener = listener;
        this.selection = selection;
        this.from = from;
    }

    Selection selection() {
        return selection;
    }

    /** Begins looking for the start and for a lane. */
    void open() {
        listener.onOpened();
        dispatcher.submit(() -> dispatcher.attach(this));
        Head head = dispatcher.head().orElse(null);
        boolean plain = head != null && resumesAt(head).isPresent();
        if (from != StartFrom.now() && !plain) {
            var unused = ask();
        }
    }

    /** Where it starts, if that is plain without asking the log: in the epoch of {@code head}, and not beyond it. */
    OptionalLong resumesAt(Head head) {
        StartFrom asked = from;
        if (asked instanceof StartFrom.After after) {
            Position position = after.position();
            boolean known = position.epoch().equals(head.epoch()) && position.id() <= head.id();
            return known ? OptionalLong.of(position.id()) : OptionalLong.empty();
        }
        if (asked instanceof StartFrom.AfterId after && after.id() <= head.id()) {
            return OptionalLong.of(after.id());
        }
        return OptionalLong.empty();
    }

    // ---- the subscriber's side

    @Override
    public Poll poll(int maxEvents, long maxBytes) {
        if (maxEvents < 1 || maxBytes < 1) {
            throw new IllegalArgumentException(
                    "limits must be at least 1: maxEvents " + maxEvents + ", maxBytes " + maxBytes);
        }
        waiting = false;
        if (closed) {
            return end(Poll.Ended.Reason.CLOSED, "the cursor was closed");
        }
        if (announced.isPresent()) {
            Poll next = announced.get();
            announced = Optional.empty();
            return next;
        }
        Poll found = null;
        while (found == null) {
            found = epoch.isEmpty() ? begin() : step(maxEvents, maxBytes);
        }
        return found;
    }

    private Poll begin() {
        Optional<Head> head = dispatcher.head();
        Start resolved = head.isPresent() ? found(head.get()) : start;
        if (resolved == null && from != StartFrom.now()) {
            var unused = ask();
        }
        if (head.isEmpty() || resolved == null) {
            return Poll.Nothing.NOTHING;
        }
        if (resolved instanceof Start.UnknownEpoch unknown) {
            return end(
                    Poll.Ended.Reason.EPOCH_UNKNOWN,
                    "epoch " + unknown.epoch() + " is none of this log's, whose epoch is "
                            + head.get().epoch());
        }
        if (resolved instanceof Start.Ahead ahead) {
            return end(
                    Poll.Ended.Reason.POSITION_AHEAD, "id " + ahead.id() + " is beyond the log's head " + ahead.head());
        }
        Position begin = position(resolved);
        if (!begin.epoch().equals(head.get().epoch())) {
            // The log and the hub's tailer don't agree yet which history it is.
            start = null;
            asked = true;
            retryLater();
            return Poll.Nothing.NOTHING;
        }
        generation = head.get().generation();
        position = begin.id();
        epoch = begin.epoch();
        if (resolved instanceof Start.Rewound rewound) {
            announced = Optional.of(missing(rewound.gap()));
        }
        return new Poll.Started(begin, head.get().id());
    }

    /** What the log has answered, or what needs no asking. */
    private @Nullable Start found(Head head) {
        OptionalLong plain = resumesAt(head);
        return plain.isPresent() ? new Start.At(new Position(head.epoch(), plain.getAsLong())) : start;
    }

    private static Position position(Start resolved) {
        return resolved instanceof Start.Rewound rewound ? rewound.gap().resume() : ((Start.At) resolved).position();
    }

    /** Null: look again. */
    private @Nullable Poll step(int maxEvents, long maxBytes) {
        Head head = head();
        if (head.generation() != generation) {
            return followRewind(head);
        }
        // After the head: what is proven up to it is in the lane by now.
        Lane.View view = view();
        if (view == null) {
            // Signalled when it is attached, which is soon; what it reads till then it would read twice.
            return Poll.Nothing.NOTHING;
        }
        if (view.wasQuiet(generation, position)) {
            position = Math.max(position, Math.min(head.id(), view.quietTo()));
        }
        if (view.covers(generation, position)) {
            return state == State.LIVE ? live(head, view, maxEvents, maxBytes) : catchUp();
        }
        if (position >= head.id()) {
            return sleep();
        }
        return state == State.LIVE ? fallBehind() : readBack(maxEvents, maxBytes);
    }

    private @Nullable Poll followRewind(Head head) {
        long fork = dispatcher.crossed(generation, head.generation());
        generation = head.generation();
        epoch = head.epoch();
        discardPage();
        if (position <= fork) {
            return null;
        }
        Gap gap = new Gap(Gap.Reason.REWOUND, fork, position, new Position(epoch, fork));
        position = fork;
        return missing(gap);
    }

    private Poll catchUp() {
        state = State.LIVE;
        toldQueued = false;
        discardPage();
        listener.onCaughtUp();
        return new Poll.CaughtUp(position);
    }

    private Poll fallBehind() {
        state = State.CATCHING_UP;
        listener.onFellBehind();
        return new Poll.FellBehind(position);
    }

    private @Nullable Poll live(Head head, Lane.View view, int maxEvents, long maxBytes) {
        if (page.get() != null) {
            discardPage();
        }
        long upTo = Math.min(head.id(), view.coveredTo());
        int at = view.indexAfter(position);
        if (at < 0) {
            return null;
        }
        if (!view.hasAt(at, upTo)) {
            position = Math.max(position, upTo);
            return sleep();
        }
        Batch next = view.batches().take(view, at, upTo, maxEvents, maxBytes);
        return next == null ? null : deliver(next, true);
    }

    private @Nullable Poll readBack(int maxEvents, long maxBytes) {
        ColdPage read = page.getAndSet(null);
        if (read == null) {
            return queued(ask());
        }
        if (!read.fits(generation, position)) {
            coldReads.released(this);
            return null;
        }
        if (read.oldest() > position) {
            keep(read);
            Gap gap = new Gap(Gap.Reason.RETENTION, position, read.oldest(), new Position(epoch, read.oldest()));
            position = read.oldest();
            return missing(gap);
        }
        List<Event> taken = new ArrayList<>();
        long bytes = 0;
        boolean all = true;
        for (Event event : read.events()) {
            if (event.id() <= position) {
                continue;
            }
            if (taken.size() == maxEvents || bytes >= maxBytes) {
                all = false;
                break;
            }
            taken.add(event);
            bytes += event.item().length();
        }
        if (all) {
            coldReads.released(this);
        } else {
            keep(read);
        }
        if (taken.isEmpty()) {
            position = read.scannedTo();
            return null;
        }
        long to = all ? read.scannedTo() : taken.get(taken.size() - 1).id();
        return deliver(new Batch(position, to, taken), false);
    }

    private Poll deliver(Batch batch, boolean fromMemory) {
        position = batch.to();
        listener.onDelivered(batch.events().size(), fromMemory);
        return new Poll.Events(batch);
    }

    /** Says once in each catch-up that it waits. */
    private Poll queued(int ahead) {
        if (ahead == 0 || toldQueued) {
            return Poll.Nothing.NOTHING;
        }
        toldQueued = true;
        listener.onQueued(ahead);
        return new Poll.Queued(ahead);
    }

    private Poll missing(Gap gap) {
        listener.onGap(gap);
        return new Poll.Missing(gap);
    }

    private @Nullable Poll sleep() {
        waiting = true;
        // Between the look that found nothing and the line above something may have been published, and nobody woken.
        if (hasMore()) {
            waiting = false;
            return null;
        }
        return Poll.Nothing.NOTHING;
    }

    private boolean hasMore() {
        Head head = head();
        if (head.generation() != generation) {
            return true;
        }
        Lane.View view = view();
        if (view == null || !view.covers(generation, position)) {
            return position < head.id();
        }
        return view.mayHave(position, Math.min(head.id(), view.coveredTo()));
    }

    /** Always looked at before {@link #view()}. */
    Head head() {
        return dispatcher.head().orElseThrow();
    }

    Lane.@Nullable View view() {
        Lane mine = lane;
        return mine == null ? null : mine.view();
    }

    private Poll.Ended end(Poll.Ended.Reason reason, String message) {
        Poll.Ended last = ended;
        if (last == null) {
            last = new Poll.Ended(reason, message);
            ended = last;
            close();
        }
        return last;
    }

    @Override
    public void onReady(Runnable signal) {
        onReady = signal;
        signal.run();
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public String epoch() {
        return epoch;
    }

    @Override
    public State state() {
        return closed ? State.CLOSED : state;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        discardPage();
        dispatcher.submit(() -> dispatcher.detach(this));
        listener.onClosed();
        signal();
    }

    // ---- the dispatcher's side

    void attached(Lane given, Head head) {
        if (from == StartFrom.now()) {
            // Fixed from here on: a rewind before the first poll is found like that of any other start.
            from = StartFrom.after(head.position());
            start = new Start.At(head.position());
        }
        lane = given;
        signal();
    }

    /** Called for each match of its lane: must cost nothing for those who don't wait. */
    void wake() {
        if (waiting) {
            waiting = false;
            signal();
        }
    }

    /** What a subscriber's signal throws is its own loss: neither the dispatcher nor a reader stops for it. */
    void signal() {
        try {
            onReady.run();
        } catch (RuntimeException | Error e) {
            listener.onFailure(Failures.of(e));
        }
    }

    // ---- the readers' side

    /** How many are read for before it, if that is news. */
    private int ask() {
        if (asked) {
            return 0;
        }
        asked = true;
        return coldReads.submit(this);
    }

    /** Lets the subscriber look again after a while; what it then finds says whether it still has to ask. */
    private void retryLater() {
        reader.later(() -> {
            asked = false;
            signal();
        });
    }

    /** Reads one page, or finds the start; empty if there is nothing to hold. */
    Optional<ColdPage> read() {
        if (closed) {
            return Optional.empty();
        }
        try {
            if (epoch.isEmpty()) {
                start = reader.resolve(from);
            } else {
                Optional<ColdPage> found = reader.read(selection, generation, position);
                if (found.isEmpty()) {
                    retryLater();
                }
                return found;
            }
        } catch (RuntimeException | Error e) {
            listener.onColdReadFailed(Failures.of(e));
            retryLater();
            return Optional.empty();
        }
        asked = false;
        return Optional.empty();
    }

    /** With the readers' lock held, so that the page is there exactly when it is counted. */
    void put(ColdPage read) {
        page.set(read);
    }

    void offered() {
        asked = false;
        if (closed) {
            discardPage();
        }
        signal();
    }

    /** Gives the page up for others; it will be read again when this cursor is polled. */
    void dropPage() {
        page.set(null);
    }

    private void keep(ColdPage rest) {
        page.set(rest);
        coldReads.kept(this);
        if (closed) {
            discardPage();
        }
    }

    private void discardPage() {
        if (page.getAndSet(null) != null) {
            coldReads.released(this);
        }
    }
}
