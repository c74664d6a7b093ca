package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;

/** The tailer sleeps, and sleeps through nothing. A lost wake-up shows itself after 10 s, by the heartbeat. */
@Timeout(90)
class DoorbellTest {
    private static final String EMIT = "SELECT everafter.emit('t', 'x', '{\"v\":\"1\"}')";
    /** Below the heartbeat, far above what a loaded machine needs. */
    private static final Duration SOON = Duration.ofSeconds(8);

    private static final int PATIENCE_MILLIS = 30_000;

    private final Counts counts = new Counts();

    private void awaitArmed(int times) {
        await().pollInterval(1, TimeUnit.MILLISECONDS).until(() -> counts.armed.get() >= times);
    }

    /** Right now, however often before. */
    private static void awaitArmed(Db db) {
        await().pollInterval(1, TimeUnit.MILLISECONDS)
                .until(() -> db.number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
                                + " AND mode = 'ExclusiveLock' AND classid = " + Keys.CLASS + " AND objid = "
                                + Keys.BELL
                                + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
                        == 1);
    }

    @Test
    void shouldRingWhenArmed() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log)) {
            for (int i = 1; i <= 20; i++) {
                awaitArmed(db);
                db.execute(EMIT);
                tail.awaitEvents(i, SOON);
            }
            assertTrue(counts.rung.get() > 0, "not one of 20 commits rang");
            assertEquals(0, counts.missed.get());
        }
    }

    /** With nothing left to mark it doesn't wake within a second anyway, which would hide a lost wake-up. */
    private static void sleepsForGood(Db db, Tail tail) {
        await().until(() -> db.number("SELECT max(proven) FROM everafter.epoch") == tail.head());
    }

    @Test
    void shouldWakeWhenTheWriterTestedTheBellBeforeItWasArmed() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (Connection writer = db.connect()) {
            writer.setAutoCommit(false);
            AtomicInteger placed = new AtomicInteger();
            AtomicInteger wanted = new AtomicInteger();
            AtomicInteger armedBefore = new AtomicInteger();
            PgEventLog log = db.log(
                            () -> {
                                if (placed.get() < wanted.get()) {
                                    // the bell is silent: the tailer is just about to arm it
                                    Db.execute(writer, "SET CONSTRAINTS ALL IMMEDIATE", EMIT);
                                    armedBefore.set(counts.armed.get());
                                    placed.incrementAndGet();
                                }
                            },
                            () -> {})
                    .listener(counts)
                    .build();
            try (log;
                    Tail tail = Tail.started(log)) {
                for (int round = 1; round <= 3; round++) {
                    sleepsForGood(db, tail);
                    wanted.set(round);
                    db.execute("NOTIFY everafter"); // makes it let go, find nothing, and arm again
                    int rounds = round;
                    await().until(() -> placed.get() == rounds);
                    awaitArmed(armedBefore.get() + 1);
                    writer.commit();
                    tail.awaitEvents(round, SOON);
                }
                assertEquals(0, counts.missed.get());
            }
        }
    }

    @Test
    void shouldSeeACommitThatFallsBetweenArmingAndListing() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (Connection writer = db.connect()) {
            writer.setAutoCommit(false);
            AtomicBoolean open = new AtomicBoolean();
            AtomicInteger wanted = new AtomicInteger();
            AtomicInteger committed = new AtomicInteger();
            PgEventLog log = db.log(
                            () -> {
                                if (committed.get() < wanted.get()) {
                                    Db.execute(writer, "SET CONSTRAINTS ALL IMMEDIATE", EMIT);
                                    open.set(true);
                                }
                            },
                            () -> {
                                if (open.getAndSet(false)) {
                                    writer.commit();
                                    committed.incrementAndGet();
                                }
                            })
                    .listener(counts)
                    .build();
            try (log;
                    Tail tail = Tail.started(log)) {
                for (int round = 1; round <= 3; round++) {
                    sleepsForGood(db, tail);
                    wanted.set(round);
                    db.execute("NOTIFY everafter");
                    tail.awaitEvents(round, SOON);
                }
                assertEquals(0, counts.missed.get());
            }
        }
    }

    @Test
    void shouldSeeACommitThatFallsJustBeforeALaterList() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (Connection writer = db.connect()) {
            writer.setAutoCommit(false);
            AtomicInteger lists = new AtomicInteger(-2); // -1: at the next arming
            PgEventLog log = db.log(
                            () -> {
                                if (lists.get() == -1) {
                                    Db.execute(writer, "SET CONSTRAINTS ALL IMMEDIATE", EMIT);
                                    lists.set(0);
                                }
                            },
                            () -> {
                                // the first list is the one after arming, which finds the writer; the third does not
                                if (lists.get() >= 0 && lists.incrementAndGet() == 3) {
                                    writer.commit();
                                }
                            })
                    .listener(counts)
                    .build();
            try (log;
                    Tail tail = Tail.started(log)) {
                sleepsForGood(db, tail);
                lists.set(-1);
                db.execute("NOTIFY everafter");
                tail.awaitEvents(1, SOON);
                assertEquals(0, counts.missed.get());
            }
        }
    }

    @Test
    void shouldKeepWritersSilentWhileItReads() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        Semaphore go = new Semaphore(0);
        try (Connection ear = db.connect();
                Connection writer = db.connect()) {
            Db.execute(ear, "LISTEN everafter");
            for (int i = 0; i < 50; i++) {
                Db.execute(writer, EMIT);
            }
            assertEquals(0, heard(ear, 0), "nobody is armed, so nobody rings");

            Semaphore reading = new Semaphore(0);
            AtomicBoolean busy = new AtomicBoolean();
            PgEventLog log = db.log(
                            () -> {
                                // As if what it reads had no end: it never gets to arm the bell.
                                if (busy.getAndSet(false)) {
                                    reading.release();
                                    go.acquireUninterruptibly();
                                }
                            },
                            () -> {})
                    .listener(counts)
                    .build();
            try (log;
                    Tail tail = Tail.started(log)) {
                awaitArmed(db);
                busy.set(true);
                db.execute(EMIT);
                assertTrue(reading.tryAcquire(30, TimeUnit.SECONDS), "it sleeps on");
                assertEquals(1, heard(ear, 1), "the one that found the bell armed");
                for (int i = 0; i < 50; i++) {
                    Db.execute(writer, EMIT);
                }
                assertEquals(0, heard(ear, 0), "it reads, so nobody rings");
                go.release();
                tail.awaitEvents(51);
            } finally {
                go.release();
            }
        }
    }

    /** How often it rang: waits for {@code atLeast} rings, and then until nothing more comes. */
    private static int heard(Connection ear, int atLeast) throws SQLException {
        PGConnection session = ear.unwrap(PGConnection.class);
        int count = 0;
        while (true) {
            // who is waited for may be woken later than the tailer
            var heard = session.getNotifications(count < atLeast ? PATIENCE_MILLIS : 100);
            if (heard == null || heard.length == 0) {
                return count;
            }
            count += heard.length;
        }
    }

    @Test
    void shouldLetTransactionsBePreparedWhileItIsArmed() throws Exception {
        Db db = Db.installed(Servers.twoPhase());
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log)) {
            for (int i = 1; i <= 3; i++) {
                awaitArmed(db);
                try (Connection writer = db.connect()) {
                    writer.setAutoCommit(false);
                    Db.execute(writer, i == 2 ? "SET CONSTRAINTS ALL IMMEDIATE" : "SELECT 1", EMIT);
                    Db.execute(writer, "PREPARE TRANSACTION 'p" + i + "'");
                }
                awaitArmed(db);
                db.execute("COMMIT PREPARED 'p" + i + "'");
                tail.awaitEvents(i, SOON);
            }
            assertEquals(0, counts.missed.get());
        }
    }

    @Test
    void shouldSeeACommitThatKeptSilentSinceItMightHaveBeenPrepared() throws Exception {
        Db db = Db.installed(Servers.twoPhase());
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log);
                Connection writer = db.connect()) {
            Db.execute(writer, EMIT);
            tail.awaitEvents(1, SOON);
            sleepsForGood(db, tail);
            awaitArmed(db);
            writer.setAutoCommit(false);
            Db.execute(writer, "SET CONSTRAINTS ALL IMMEDIATE", EMIT);
            writer.commit();
            tail.awaitEvents(2, SOON);
            assertEquals(0, counts.missed.get());
        }
    }

    @Test
    void shouldRingThroughJdbcWhereTransactionsMayBePrepared() throws Exception {
        Db db = Db.installed(Servers.twoPhase());
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log);
                Connection writer = db.connect();
                Connection ear = db.connect()) {
            Db.execute(ear, "LISTEN everafter");
            awaitArmed(1);
            Db.execute(writer, EMIT);
            tail.awaitEvents(1, SOON);
            // it is not armed for the moment in which it writes the mark
            sleepsForGood(db, tail);
            awaitArmed(db);
            writer.setAutoCommit(false);
            Db.execute(writer, EMIT, EMIT);
            writer.commit();
            tail.awaitEvents(3, SOON);
            assertTrue(heard(ear, 2) >= 2, "neither an autocommit statement nor a commit rang");
        }
    }

    @Test
    void shouldLookByItselfWhileSomebodyKeepsTheBell() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (Connection blocker = db.connect()) {
            Db.execute(blocker, "SELECT pg_advisory_lock_shared(" + Keys.CLASS + ", " + Keys.BELL + ")");
            try (PgEventLog log = db.log().listener(counts).build();
                    Tail tail = Tail.started(log)) {
                await().until(() -> counts.blocked.get() > 0);
                db.execute(EMIT);
                tail.awaitEvents(1, SOON);
                assertEquals(0, counts.missed.get());
            }
        }
    }

    @Test
    void shouldLeaveNoLockBehindWhenWritersAreCancelled() throws Exception {
        Cancelled writer = Cancelled.writer(Db.installed(PostgresFixture.shared()), 400, leaked -> false);
        assertTrue(writer.cancelled() > 0, "nothing was cancelled");
        assertEquals(0, writer.leaked());
    }
}
