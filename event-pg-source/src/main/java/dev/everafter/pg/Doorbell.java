package dev.everafter.pg;

import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Sleeps until there may be a commit to read. No commit is slept through: who tested the bell before it was armed holds
 * the sequence's lock when the holders are listed afterwards, or has ended, and the look that follows the list shows it.
 * While one of those listed remains, the log is looked at every 1 to 50 ms.
 *
 * <p>One session of a database arms; the others, and all where transactions may be prepared (which can't ring), look every
 * 50 ms besides. For one thread.
 */
final class Doorbell {
    private static final int LOOK_MILLIS = 50;
    /** How long a call may sleep, so that an interrupted thread notices. */
    private static final int SLICE_MILLIS = 500;
    /** A session that nothing happens on asks now and then whether it is still alive. */
    private static final long HEARTBEAT_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long PASS_ON_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final TailSession session;
    private final PgListener listener;
    private final LongSupplier nanos;
    private boolean leader;
    private boolean othersFollow;
    private long askedAt;
    private long passedOnAt;

    Doorbell(TailSession session, PgListener listener, LongSupplier nanos) throws SQLException {
        this.session = session;
        this.listener = listener;
        this.nanos = nanos;
        this.askedAt = nanos.getAsLong() - ASK_NANOS;
        this.passedOnAt = askedAt;
        this.leader = session.tryLead();
        if (!leader) {
            session.follow();
        }
    }

    boolean leader() {
        return leader;
    }

    /** To be called while the session reads: wakes the others, for which nobody has armed meanwhile. */
    void passOn() throws SQLException {
        long now = nanos.getAsLong();
        if (!leader || now - passedOnAt < PASS_ON_NANOS) {
            return;
        }
        if (now - askedAt >= ASK_NANOS) {
            askedAt = now;
            othersFollow = session.othersFollow();
        }
        if (othersFollow) {
            passedOnAt = now;
            session.ringOthers();
        }
    }

    /**
     * Sleeps until something may have been committed after {@code cursor}, at most until {@code deadline}.
     *
     * @throws InterruptedException if the thread was interrupted
     */
    void await(long cursor, long deadline) throws SQLException, InterruptedException {
        Set<String> holders = new HashSet<>();
        boolean armed = leader && arm(holders);
        // after the list: whoever was not on it had ended before this snapshot
        try {
            if (!session.anyCommitAfter(cursor)) {
                sleep(cursor, deadline, armed, holders);
            }
        } catch (InterruptedException e) {
            disarm(armed);
            throw e;
        }
        disarm(armed);
    }

    private boolean arm(Set<String> holders) throws SQLException {
        try {
            holders.addAll(session.arm());
        } catch (SQLException e) {
            if (Sql.LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
                listener.onDoorbellBlocked();
                return false;
            }
            throw e;
        }
        listener.onDoorbellArmed();
        return true;
    }

    private void disarm(boolean armed) throws SQLException {
        if (armed) {
            session.disarm();
        }
    }

    private void sleep(long cursor, long deadline, boolean armed, Set<String> holders)
            throws SQLException, InterruptedException {
        boolean looks = !armed || session.twoPhase();
        long heartbeat = nanos.getAsLong() + HEARTBEAT_NANOS;
        int pause = 1;
        while (true) {
            long now = nanos.getAsLong();
            if (now - deadline >= 0) {
                return;
            }
            int most = (int) Math.min(SLICE_MILLIS, TimeUnit.NANOSECONDS.toMillis(deadline - now) + 1);
            int millis = Math.min(most, !holders.isEmpty() ? pause : looks ? LOOK_MILLIS : SLICE_MILLIS);
            if (session.awaitBell(millis)) {
                listener.onDoorbellRung();
                return;
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            boolean alive = nanos.getAsLong() - heartbeat >= 0;
            boolean waitsForHolders = !holders.isEmpty();
            if (waitsForHolders) {
                // before the look: one that ends in between is then seen by the look
                holders.retainAll(session.holders());
                pause = Math.min(LOOK_MILLIS, pause + (pause + 1) / 2);
            }
            if ((looks || waitsForHolders || alive) && session.anyCommitAfter(cursor)) {
                // a commit is visible a moment before it rings
                if (!looks && !waitsForHolders && !session.awaitBell(SLICE_MILLIS)) {
                    listener.onWakeUpMissed();
                }
                return;
            }
            if (alive) {
                return;
            }
            if (!leader && lead()) {
                return;
            }
        }
    }

    /** Somebody has to arm; who led before may have gone. */
    private boolean lead() throws SQLException {
        long now = nanos.getAsLong();
        if (now - askedAt < ASK_NANOS) {
            return false;
        }
        askedAt = now;
        leader = session.tryLead();
        if (leader) {
            session.unfollow();
            listener.onLeading();
        }
        return leader;
    }
}
