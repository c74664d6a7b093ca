package dev.everafter.pg;

import dev.everafter.core.LogStatus;
import dev.everafter.core.TailUpdate;
import dev.everafter.core.Tailer;
import dev.everafter.pg.PgListener.State;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows on one session at a time: a lost one is replaced, for ever, after growing pauses.
 *
 * <p>{@link #next()} belongs to one thread; {@link #close()} may come from any, and cuts the session.
 */
abstract class SessionTailer<S extends SequenceSession> implements Tailer {
    private static final Logger LOG = LoggerFactory.getLogger(SessionTailer.class);

    final PgListener listener;
    final States states;
    final Time time;
    final Followed followed;

    private final Runnable onClosed;
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable S session;
    private @Nullable GapWatch gaps;
    private boolean connected;
    private int failures;

    SessionTailer(PgListener listener, Time time, Followed followed, Runnable onClosed) {
        this.listener = listener;
        this.states = new States(listener);
        this.time = time;
        this.followed = followed;
        this.onClosed = onClosed;
    }

    abstract S open() throws SQLException;

    /**
     * Checks that the log on a new session is the one that was followed before, and says what there is to say of it; {@link
     * #connected()} once that can't fail any more.
     */
    abstract Optional<TailUpdate> connect(S session, GapWatch gaps) throws SQLException, InterruptedException;

    /** One step; empty if it brought nothing to tell. */
    abstract Optional<TailUpdate> advance(S session) throws SQLException, InterruptedException;

    /** Whatever was proven on the session that is gone is forgotten. */
    abstract void forget();

    @Override
    public TailUpdate next() throws InterruptedException {
        while (true) {
            requireOpen();
            try {
                S present = session;
                Optional<TailUpdate> update = present == null ? connect() : advance(present);
                if (update.isPresent()) {
                    return update.get();
                }
            } catch (InterruptedException e) {
                if (!connected) {
                    disconnect();
                }
                throw e;
            } catch (HistoryChanged e) {
                LOG.info("the log is perhaps another one: checking its history");
                disconnect();
            } catch (SQLException | RuntimeException e) {
                requireOpen();
                disconnect();
                backOff(e);
            }
        }
    }

    private Optional<TailUpdate> connect() throws SQLException, InterruptedException {
        states.enter(State.CONNECTING);
        S opened = open();
        session = opened;
        if (closed.getCount() == 0) {
            opened.abort();
        }
        requireOpen();
        GapWatch watch = new GapWatch(opened, listener, followed, time);
        gaps = watch;
        return connect(opened, watch);
    }

    /** The session is good, and its log the one to follow. */
    final void connected() {
        failures = 0;
        connected = true;
        followed.status(LogStatus.FOLLOWING);
        states.enter(State.READING);
    }

    private void disconnect() {
        S lost = session;
        session = null;
        gaps = null;
        connected = false;
        forget();
        if (lost != null) {
            lost.abort();
        }
    }

    private void backOff(Exception cause) throws InterruptedException {
        Duration pause = time.backoff(failures++);
        String problem = "no session that follows the log: " + cause.getMessage();
        if (cause instanceof SQLException sql) {
            problem = String.valueOf(
                    Sql.explain("no session that follows the log", sql).getMessage());
        }
        followed.status(LogStatus.failing(problem));
        states.enter(State.LOST);
        LOG.warn("{}; trying again in {} ms", problem, pause.toMillis());
        listener.onConnectionLost(cause, pause);
        if (closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
            requireOpen();
        }
    }

    final GapWatch gaps() {
        return Objects.requireNonNull(gaps, "no session");
    }

    private void requireOpen() throws InterruptedException {
        if (closed.getCount() == 0) {
            disconnect();
            throw new InterruptedException("the tailer is closed");
        }
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    @Override
    public void close() {
        if (closed.getCount() == 0) {
            return;
        }
        closed.countDown();
        S present = session;
        if (present != null) {
            present.abort();
        }
        onClosed.run();
    }

    /** What was read is perhaps of another history than what is followed. */
    static final class HistoryChanged extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
