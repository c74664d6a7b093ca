package dev.everafter.pg;

import dev.everafter.core.LogStatus;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for holes to be decided, on one session, and says who is waited for once that takes more than a second. For one
 * thread.
 */
final class GapWatch {
    private static final Logger LOG = LoggerFactory.getLogger(GapWatch.class);
    private static final int MOST_MILLIS = 50;
    private static final long SAY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final SequenceSession session;
    private final PgListener listener;
    private final Followed followed;
    private final Time time;
    private final GapProof proof;
    private long saidAt;

    GapWatch(SequenceSession session, PgListener listener, Followed followed, Time time) {
        this.session = session;
        this.listener = listener;
        this.followed = followed;
        this.time = time;
        this.proof = new GapProof(time::nanos);
    }

    /**
     * Waits until every id that was handed out before is decided and on disk.
     *
     * @return the last of those
     */
    long proveAll() throws SQLException, InterruptedException {
        long upTo = session.lastValue();
        Set<String> holders = new HashSet<>(session.holders());
        long since = time.nanos();
        saidAt = since;
        while (!holders.isEmpty()) {
            pause(Duration.ofNanos(time.nanos() - since));
            holders.retainAll(session.holders());
            say(holders, Duration.ofNanos(time.nanos() - since));
        }
        // also for ids that were rolled back: unless the counter is on disk, a crash gives them out again
        session.fence();
        return upTo;
    }

    /** The last id that may be delivered, of {@code rows} as read after {@code cursor}. */
    long prefix(long cursor, List<? extends Placed> rows) {
        long end = proof.prefix(cursor, rows);
        if (proof.open() && (end > cursor || rows.isEmpty())) {
            listener.onGapClosed(proof.closed());
            followed.status(LogStatus.FOLLOWING);
        }
        return end;
    }

    /** One step towards the proof that nothing will come in ({@code cursor}, {@code next}); then read anew. */
    void await(long cursor, long next) throws SQLException, InterruptedException {
        if (!proof.open()) {
            listener.onGapSeen(cursor, next);
            saidAt = time.nanos();
            // most holes are filled by the time one looks again
            proof.seen();
            pause(Duration.ZERO);
            return;
        }
        proof.examine(session);
        if (!proof.waitedFor().isEmpty()) {
            say(proof.waitedFor(), proof.age());
            pause(proof.age());
        }
    }

    /** How long the present hole has been waited for. */
    Duration age() {
        return proof.age();
    }

    /** Who is waited for. */
    Set<String> waitedFor() {
        return proof.waitedFor();
    }

    /** Passes over the holes that wait for those, though they may still be filled. */
    void giveUp() {
        proof.giveUp();
    }

    private void say(Set<String> holders, Duration age) throws SQLException {
        if (time.nanos() - saidAt < SAY_NANOS || holders.isEmpty()) {
            return;
        }
        saidAt = time.nanos();
        String who = session.describe(holders);
        String problem = "delivery has waited " + age.toMillis()
                + " ms for a transaction that has taken its place and not ended: " + who;
        LOG.warn(problem);
        followed.status(LogStatus.failing(problem));
        listener.onGapHeld(who, age);
    }

    /** Sleeps 1 ms, and later up to a tenth of what has passed already. */
    private void pause(Duration passed) throws SQLException, InterruptedException {
        session.awaitBell((int) Math.min(MOST_MILLIS, Math.max(1, passed.toMillis() / 10)));
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }
}
