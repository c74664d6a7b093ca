package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The doorbell with a step left out, in the schedules of {@link DoorbellTest}: it sleeps through a commit, or leaks. */
@Timeout(90)
class LostWakeUpsTest {
    private static final String EMIT = "SELECT everafter.emit('t', 'x', '{\"v\":\"1\"}')";

    private final Db db = Db.installed(PostgresFixture.shared());
    private final Counts counts = new Counts();

    @Test
    void shouldSleepThroughACommitWhenTheHoldersAreNotListedAfterArming() throws Exception {
        AtomicLong ahead = new AtomicLong();
        try (Connection writer = db.connect()) {
            writer.setAutoCommit(false);
            AtomicBoolean wanted = new AtomicBoolean();
            AtomicInteger armedBefore = new AtomicInteger(Integer.MAX_VALUE);
            try (PgEventLog log = db.log(
                                    Sabotage.NO_LIST_AFTER_ARMING,
                                    () -> {
                                        if (wanted.getAndSet(false)) {
                                            // the bell is silent: the tailer is just about to arm it
                                            Db.execute(writer, "SET CONSTRAINTS ALL IMMEDIATE", EMIT);
                                            armedBefore.set(counts.armed.get());
                                        }
                                    },
                                    () -> {})
                            .listener(counts)
                            .nanos(() -> System.nanoTime() + ahead.get())
                            .build();
                    Tail tail = Tail.started(log)) {
                Awaitility.await()
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> db.number("SELECT max(proven) FROM everafter.epoch") == tail.head());
                wanted.set(true);
                db.execute("NOTIFY everafter"); // makes it let go, find nothing, and arm again
                Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> counts.armed.get() > armedBefore.get());
                writer.commit();
                // it has nothing to wake it now but the heartbeat, which finds what it slept through
                ahead.set(TimeUnit.HOURS.toNanos(1) / 2);
                Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> counts.missed.get() == 1);
                tail.awaitEvents(1);
            }
        }
    }

    /** As {@link DoorbellTest#shouldLeaveNoLockBehindWhenWritersAreCancelled}, with the test made of two statements. */
    @Test
    void shouldLeakTheBellsLockWhenItIsTestedInTwoStatements() throws Exception {
        String function = db.texts(
                        "SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
                                + " WHERE pronamespace = 'everafter'::regnamespace AND prosrc LIKE '%_try_advisory_lock_shared%'")
                .get(0);
        String twoStatements = function.replaceAll(
                "(IF\\s[^;]*?)\\(CASE\\s+WHEN\\s+(\\S*pg_try_advisory_lock_shared\\([^)]*\\))\\s+THEN\\s+"
                        + "(\\S*pg_advisory_unlock_shared\\([^)]*\\))\\s+ELSE\\s+false\\s+END\\)\\s+THEN",
                "$1$2 THEN PERFORM $3;");
        assertNotEquals(function, twoStatements, "the function tests the bell in another way than this test expects");
        db.execute(twoStatements);
        assertTrue(Cancelled.writer(db, 20_000, leaked -> leaked > 0).leaked() > 0, "no cancel hit the gap");
    }
}
