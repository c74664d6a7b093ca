package dev.everafter.pg;

import dev.everafter.core.ReadLimits;
import dev.everafter.core.TailUpdate;
import dev.everafter.core.TailUpdate.Advanced;
import dev.everafter.core.TailUpdate.EpochChanged;
import dev.everafter.core.TailUpdate.Started;
import dev.everafter.pg.PgListener.State;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the log on one session: every committed event after its start once, in id order, none before it is durable,
 * none over a hole that could still be filled. See the package's page for the argument.
 *
 * <p>A lost session is replaced, for ever, and reading goes on from the position; what was proven on the old one is
 * forgotten, since a crash gives ids out again that nobody has seen committed.
 *
 * <p>{@link #next()} belongs to one thread; {@link #close()} may come from any, and cuts the session.
 */
final class PgTailer extends SessionTailer<TailSession> {
    private static final Logger LOG = LoggerFactory.getLogger(PgTailer.class);

    private static final ReadLimits PAGE = new ReadLimits(1000, 4 << 20);
    /** After the last event the log is looked at this often before the bell is armed: busy writers aren't made to ring. */
    private static final int LINGER_LOOKS = 5;

    private static final long MARK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LONG_NANOS = TimeUnit.HOURS.toNanos(1);

    private final TailSessions sessions;

    private @Nullable Doorbell doorbell;
    private History history = new History();
    private boolean started;
    private String epoch = "";
    /** Told up to here. */
    private long head;
    /** May be told up to here: read, proven and durable. */
    private long readyTo;

    private boolean woken;
    private int quietLooks;
    private long markedAt;

    PgTailer(TailSessions sessions, PgListener listener, Time time, Followed followed, Runnable onClosed) {
        super(listener, time, followed, onClosed);
        this.sessions = sessions;
    }

    // the session

    @Override
    TailSession open() throws SQLException {
        return sessions.open();
    }

    @Override
    Optional<TailUpdate> connect(TailSession opened, GapWatch watch) throws SQLException, InterruptedException {
        quietLooks = 0;
        markedAt = time.nanos();
        Doorbell bell = new Doorbell(opened, listener, time::nanos);
        doorbell = bell;
        if (!started) {
            history = new History();
        }
        // by what was told: where this fails half way, the next attempt finds the same again
        History.Finding finding = history.check(opened, started ? Optional.of(epoch) : Optional.empty(), head);
        boolean pruned = started && !finding.changed() && finding.oldest() > head;
        if (!started) {
            states.enter(State.PROVING);
            head = Commit.lastEventId(watch.proveAll());
        } else if (finding.changed()) {
            head = finding.shared();
        } else if (pruned) {
            skipTo(finding.oldest());
        }
        readyTo = head;
        epoch = finding.epoch();
        followed.moved(epoch, head, finding.serverStarted());
        connected();
        LOG.info("following the log from {} in epoch {}{}", head, epoch, bell.leader() ? ", as the leader" : "");
        listener.onConnected(bell.leader());
        if (!started) {
            // before it is told: without a mark or rows to compare, a failover now would go unnoticed
            mark(opened);
        }
        if (!started || pruned) {
            started = true;
            return Optional.of(new Started(epoch, head));
        }
        if (finding.changed()) {
            LOG.warn("the log was rewound to {}: it goes on under epoch {}", head, epoch);
            listener.onEpochChanged(epoch, head);
            return Optional.of(new EpochChanged(epoch, head));
        }
        return Optional.empty();
    }

    @Override
    void forget() {
        doorbell = null;
        readyTo = head;
    }

    // reading

    @Override
    Optional<TailUpdate> advance(TailSession session) throws SQLException, InterruptedException {
        if (head < readyTo) {
            return Optional.of(page(session));
        }
        long cursor = Commit.doneAt(head);
        List<Commit> commits = session.commitsAfter(cursor);
        long end = gaps().prefix(cursor, commits);
        if (end > cursor) {
            List<Commit> proven =
                    commits.stream().filter(commit -> commit.id() <= end).toList();
            if (!proven.stream().allMatch(Commit::durable)) {
                states.enter(State.FENCING);
                listener.onFence(session.fence());
            }
            states.enter(State.READING);
            history.remember(proven);
            readyTo = Commit.lastEventId(end);
            quietLooks = 0;
            woken = false;
        } else if (!commits.isEmpty()) {
            states.enter(State.PROVING);
            gaps().await(cursor, commits.get(0).id());
        } else {
            states.enter(State.READING);
            idle(session, cursor);
        }
        return Optional.empty();
    }

    private TailUpdate page(TailSession session) throws SQLException {
        bell().passOn();
        if (time.nanos() - markedAt >= MARK_NANOS) {
            mark(session);
        }
        EventPage page = session.events(head, readyTo, PAGE);
        if (!page.epoch().equals(epoch)) {
            throw new HistoryChanged();
        }
        // From here on nothing may fail: the head has moved, and only what is returned is ever told.
        if (page.oldest() > head) {
            skipTo(page.oldest());
            followed.moved(epoch, head, page.serverStarted());
            return new Started(epoch, head);
        }
        head = page.scannedTo();
        followed.moved(epoch, head, page.serverStarted());
        return new Advanced(page.events(), head);
    }

    /** Starting anew makes every subscriber look into the log, which tells each of them what is missing. */
    private void skipTo(long oldest) {
        LOG.error("events in ({}, {}] were deleted before they were read", head, oldest);
        listener.onPruned(head, oldest);
        head = oldest;
    }

    private void idle(TailSession session, long cursor) throws SQLException, InterruptedException {
        if (woken) {
            requireEpoch(session);
        }
        if (quietLooks++ < LINGER_LOOKS) {
            woken |= session.awaitBell(1); // perhaps it is a new epoch that rings
            return;
        }
        boolean unmarked = history.unmarked(head);
        if (unmarked && time.nanos() - markedAt >= MARK_NANOS) {
            mark(session);
            unmarked = false;
        }
        long deadline = unmarked ? markedAt + MARK_NANOS : time.nanos() + LONG_NANOS;
        states.enter(State.ASLEEP);
        bell().await(cursor, deadline);
        states.enter(State.READING);
        woken = true;
    }

    /** A page says which epoch it is of; where a wake-up brought none, the epoch may be what has changed. */
    private void requireEpoch(TailSession session) throws SQLException {
        woken = false;
        if (!session.epoch().equals(epoch)) {
            throw new HistoryChanged();
        }
    }

    private void mark(TailSession session) throws SQLException {
        history.mark(session, epoch, head);
        markedAt = time.nanos();
    }

    private Doorbell bell() {
        return Objects.requireNonNull(doorbell, "no session");
    }
}
