package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.TailUpdate;
import dev.everafter.core.TailUpdate.Advanced;
import dev.everafter.core.TailUpdate.EpochChanged;
import dev.everafter.core.TailUpdate.Started;
import dev.everafter.pg.PgListener.State;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows an adopted table on one session: its rows once, in the order of their ids, none before it is durable, none over
 * a hole that a transaction may still fill with an id that it took from the sequence. A row that comes into a hole all the
 * same is told to the listener, and logged.
 *
 * <p>{@link #next()} belongs to one thread; {@link #close()} may come from any, and cuts the session.
 */
final class AdoptedTailer extends SessionTailer<AdoptedSession> {
    private static final Logger LOG = LoggerFactory.getLogger(AdoptedTailer.class);

    private static final ReadLimits PAGE = new ReadLimits(1000, 4 << 20);
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** The table's counter is looked at in this time even while nothing is polled, and a server that hangs is noticed. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);
    /** How long a call may sleep, so that an interrupted thread notices. */
    private static final int SLICE_MILLIS = 500;
    /** A look at what was skipped takes at most this part of the time. */
    private static final int PART = 20;

    /** How it is followed. */
    record Options(Duration poll, Optional<Duration> maxHold, Duration kept, Duration recheck) {}

    /** Opens sessions that follow a table. Tests take their own, which leave a step out. */
    interface Sessions {
        AdoptedSession open() throws SQLException;
    }

    private final Sessions sessions;
    private final Options options;
    private final AtomicReference<@Nullable Lineage> lineage;
    private final AdoptedHistory history = new AdoptedHistory();
    private final Skipped skipped;
    private boolean started;
    /** Told up to here. */
    private long head;
    /** May be told up to here: read and proven. */
    private long readyTo;
    /** Who may still fill what is passed over; nobody, but where the wait for them was given up. */
    private Set<String> givenUpOn = Set.of();

    private long lookedAt;
    private long recheckAt;

    /** @param lineage where readers look up what is followed */
    AdoptedTailer(
            Sessions sessions,
            Options options,
            AtomicReference<@Nullable Lineage> lineage,
            PgListener listener,
            Time time,
            Followed followed,
            Runnable onClosed) {
        super(listener, time, followed, onClosed);
        this.sessions = sessions;
        this.options = options;
        this.lineage = lineage;
        this.skipped = new Skipped(options.kept());
    }

    // the session

    @Override
    AdoptedSession open() throws SQLException {
        return sessions.open();
    }

    @Override
    Optional<TailUpdate> connect(AdoptedSession session, GapWatch watch) throws SQLException, InterruptedException {
        AdoptedQuery.Look now = session.look();
        Lineage before = Objects.requireNonNullElseGet(
                lineage.get(), () -> Lineage.beginning(now.header().run()));
        Lineage found;
        if (started) {
            found = history.check(session, now, before, head);
        } else {
            states.enter(State.PROVING);
            // not past the counter: a row beyond it has its id from elsewhere, and the sequence will come by there
            head = Math.min(watch.proveAll(), now.counter());
            found = before.run().equals(now.header().run())
                    ? before
                    : Lineage.beginning(now.header().run());
            history.reaches(now, head);
            skipBefore(session);
        }
        boolean changed = started && !found.epoch().equals(before.epoch());
        if (changed) {
            head = found.epochs().get(found.epochs().size() - 1).fork();
            skipped.forgetAfter(head);
        }
        readyTo = head;
        lookedAt = time.nanos();
        lineage.set(found);
        moved(found);
        connected();
        LOG.info("following {} from {} in epoch {}", session.table().topic(), head, found.epoch());
        listener.onConnected(false);
        if (!started) {
            started = true;
            examine(session);
            recheckAt = time.nanos() + options.recheck().toNanos();
            return Optional.of(new Started(found.epoch(), head));
        }
        if (changed) {
            LOG.warn("the table was rewound to {}: it goes on under epoch {}", head, found.epoch());
            listener.onEpochChanged(found.epoch(), head);
            return Optional.of(new EpochChanged(found.epoch(), head));
        }
        return Optional.empty();
    }

    private static void examine(AdoptedSession session) {
        try {
            Doctor.table(session.connection(), session.table()).forEach(finding -> LOG.warn("{}", finding));
        } catch (SQLException e) {
            LOG.warn("the table's doctor can't say whether all is well: {}", e.getMessage());
        }
    }

    /** Ids below the start may have been taken beforehand, to be used later. */
    private void skipBefore(AdoptedSession session) throws SQLException {
        List<Long> ids = session.idsBefore(head);
        long next = head + 1;
        for (long id : ids) {
            skipped.add(id, next, time.nanos(), Set.of());
            next = id;
        }
        if (ids.size() < AdoptedSession.IDS) {
            skipped.add(Math.max(0, next - AdoptedSession.IDS), next, time.nanos(), Set.of());
        }
    }

    @Override
    void forget() {
        readyTo = head;
        givenUpOn = Set.of();
    }

    private void moved(Lineage found) {
        followed.moved(found.epoch(), head, found.run().serverStarted());
    }

    // reading

    @Override
    Optional<TailUpdate> advance(AdoptedSession session) throws SQLException, InterruptedException {
        if (time.nanos() - recheckAt >= 0) {
            recheck(session);
        }
        if (head < readyTo) {
            return Optional.of(page(session));
        }
        List<AdoptedSession.Row> rows = session.rowsAfter(head);
        long end = gaps().prefix(head, rows);
        if (end > head) {
            states.enter(State.READING);
            readyTo = end;
        } else if (!rows.isEmpty()) {
            states.enter(State.PROVING);
            prove(rows.get(0).id());
        } else {
            states.enter(State.READING);
            idle(session);
        }
        return Optional.empty();
    }

    private void prove(long next) throws SQLException, InterruptedException {
        Duration age = gaps().age();
        boolean longEnough =
                options.maxHold().filter(most -> age.compareTo(most) > 0).isPresent();
        if (longEnough && !gaps().waitedFor().isEmpty()) {
            givenUpOn = gaps().waitedFor();
            gaps().giveUp();
            LOG.warn(
                    "passing over ids after {} and before {} after {}, although {} may still write them",
                    head,
                    next,
                    age,
                    givenUpOn);
            listener.onGapGivenUp(head, next, String.join(", ", givenUpOn));
        } else {
            gaps().await(head, next);
        }
    }

    private TailUpdate page(AdoptedSession session) throws SQLException {
        AdoptedQuery.AdoptedPage page = session.events(head, readyTo, PAGE);
        requireSame(page.header());
        // after the page: a row that came into a hole meanwhile is in it, too
        fence(session);
        requireReached(session.look(), page.scannedTo());
        history.remember(session.table(), page.events());
        long now = time.nanos();
        long last = head;
        for (Event event : page.events()) {
            skipped.add(last, event.id(), now, givenUpOn);
            last = event.id();
        }
        skipped.add(last, page.scannedTo() + 1, now, givenUpOn);
        head = page.scannedTo();
        if (head == readyTo) {
            givenUpOn = Set.of();
        }
        moved(Objects.requireNonNull(lineage.get()));
        return new Advanced(page.events(), head);
    }

    private void fence(AdoptedSession session) throws SQLException {
        states.enter(State.FENCING);
        listener.onFence(session.fence());
        states.enter(State.READING);
    }

    private void requireSame(AdoptedQuery.Header header) {
        if (!header.run().equals(Objects.requireNonNull(lineage.get()).run())) {
            throw new HistoryChanged();
        }
    }

    /** Before anything is told: what the counter has not been seen to reach, it can't be seen to go back from. */
    private void requireReached(AdoptedQuery.Look look, long id) {
        requireSame(look.header());
        if (!history.reaches(look, id)) {
            throw new HistoryChanged();
        }
    }

    private void idle(AdoptedSession session) throws SQLException, InterruptedException {
        long now = time.nanos();
        if (now - lookedAt >= LOOK_NANOS) {
            lookedAt = now;
            requireReached(session.look(), head);
        }
        states.enter(State.ASLEEP);
        long wait = Math.min(options.poll().toNanos(), HEARTBEAT.toNanos());
        long deadline = now + Math.min(wait, recheckAt - now);
        while (deadline - time.nanos() > 0) {
            long millis = TimeUnit.NANOSECONDS.toMillis(deadline - time.nanos()) + 1;
            if (session.awaitBell((int) Math.min(millis, SLICE_MILLIS))) {
                listener.onDoorbellRung();
                break;
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        states.enter(State.READING);
    }

    /** What has come into holes that were passed. */
    private void recheck(AdoptedSession session) throws SQLException {
        long begun = time.nanos();
        List<Event> late = skipped.look(session, begun);
        if (!late.isEmpty()) {
            fence(session);
        }
        for (Event event : late) {
            skipped.found(event.id());
            LOG.warn("a row has come late to {}, below what was delivered: id {}", event.topic(), event.id());
            listener.onLate(event);
        }
        long ended = time.nanos();
        boolean more = late.size() == AdoptedQuery.FOUND;
        recheckAt = more ? ended : ended + Math.max(options.recheck().toNanos(), PART * (ended - begun));
    }
}
