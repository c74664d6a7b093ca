package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.Ledger;
import dev.everafter.testkit.LedgerAudit;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import dev.everafter.testkit.TransactionMix;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Writers that do everything transactions can do, sessions that are killed, a reader that is killed and takes its place
 * again, a server that crashes in the middle: what the reader was told must be the table, exactly, in the order of ids,
 * and hold just what the writers know to be committed. Prints how long commits were on their way.
 */
class StressTest {
    private static final int WRITERS = 24;
    /** Between the transactions of one writer, where the reader shall fall asleep between them. */
    private static final int QUIET_MILLIS = 3_000;

    /** So few that the reader is at the end of the log, where the holes are. */
    private static final int KEEPING_UP_MILLIS = 200;

    @Test
    @Timeout(180)
    void shouldTellExactlyTheTableWhileTheServerCrashes() throws Exception {
        run("shouldTellExactlyTheTableWhileTheServerCrashes", true, Duration.ofSeconds(8));
    }

    @Test
    @Timeout(180)
    void shouldTellExactlyTheTableWhereNobodyPrepares() throws Exception {
        run("shouldTellExactlyTheTableWhereNobodyPrepares", false, Duration.ofSeconds(6));
    }

    /** The same, without a step: it is the stress that must fail. By chance, so it may try again. */
    @Test
    @Timeout(180)
    void shouldLoseCommitsWhenNothingIsProven() throws Exception {
        Random random = Seed.random("shouldLoseCommitsWhenNothingIsProven");
        boolean lost = false;
        for (int round = 0; round < 5 && !lost; round++) {
            lost = losesWithoutProof(random);
        }
        assertTrue(lost, "the stress did not catch a reader that proves nothing");
    }

    private static boolean losesWithoutProof(Random random) throws Exception {
        Db db = captured(PostgresFixture.shared());
        try (StressReader reader = new StressReader(() -> db.log(Sabotage.NO_PROOF))) {
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> reader.position() >= 0);
            write(db, random, 1, Duration.ofSeconds(3), KEEPING_UP_MILLIS, false, () -> {});
            awaitHead(db, reader);
            return difference(db, reader).lost() > 0;
        }
    }

    /** {@code -Pstress -Dstress.minutes=10}; on another PostgreSQL with {@code -Dpg=}. */
    @Test
    @Tag("stress")
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void shouldTellExactlyTheTableForLong() throws Exception {
        Duration each = Duration.ofSeconds(60L * Integer.getInteger("stress.minutes", 2) / 2);
        run("shouldTellExactlyTheTableForLong", true, each);
        run("shouldTellExactlyTheTableForLong, where nobody prepares", false, each);
    }

    /** Half of the time as fast as they can, with a crash in the middle; then now and then. */
    private static void run(String name, boolean prepare, Duration duration) throws Exception {
        Random random = Seed.random(name);
        try (PostgresFixture server = PostgresFixture.builder()
                .setting("track_commit_timestamp", "on")
                .setting("max_prepared_transactions", prepare && Servers.followsPrepared() ? "50" : "0")
                .build()) {
            boolean twoPhase = prepare && Servers.followsPrepared();
            Db db = captured(server);
            try (StressReader reader = new StressReader(db::log)) {
                Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> reader.position() >= 0);
                Duration half = duration.dividedBy(2);
                List<Ledger> ledgers = write(db, random, 1, half, 0, twoPhase, () -> {
                    server.stopImmediately();
                    server.start();
                    rollBackPrepared(db);
                });
                ledgers.addAll(write(db, random, 1 + WRITERS, half, QUIET_MILLIS, twoPhase, reader::kill));
                rollBackPrepared(db);
                awaitHead(db, reader);
                Told.Difference difference = difference(db, reader);
                try (Connection connection = db.connect()) {
                    System.out.println(name + " on PostgreSQL " + Servers.majorVersion(server) + ": "
                            + reader.told().events() + " events, " + Ledger.rows(ledgers) + " rows known committed, "
                            + reader.lives() + " lives; " + difference + "; missed wake-ups " + reader.missed()
                            + "; delay from commit to hand: "
                            + reader.told().delays(connection));
                }
                assertEquals(Told.Difference.NONE, difference);
                assertEquals(LedgerAudit.CLEAN, LedgerAudit.of(db.source, ledgers, true));
                assertEquals(0, reader.missed());
                assertTrue(reader.told().events() > 100, "that is no stress");
            }
        }
    }

    private static Db captured(PostgresFixture server) throws SQLException {
        Db db = Db.installed(server);
        db.execute(TransactionMix.SCHEMA.toArray(String[]::new));
        return db;
    }

    private interface Event {
        void happen() throws SQLException;
    }

    /** Kills writers and the reader's sessions at random all the while, and lets {@code once} happen in the middle. */
    private static List<Ledger> write(
            Db db, Random random, int firstWriter, Duration duration, int pauseMillis, boolean twoPhase, Event once)
            throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        try {
            long start = System.nanoTime();
            long stop = start + duration.toNanos();
            List<Future<Ledger>> running = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                running.add(pool.submit(new TransactionMix(
                        db.source,
                        firstWriter + w,
                        new Random(random.nextLong()),
                        () -> System.nanoTime() < stop,
                        twoPhase,
                        pauseMillis)));
            }
            boolean happened = false;
            while (System.nanoTime() < stop) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(100, 600)));
                if (!happened && System.nanoTime() - start > duration.toNanos() / 2) {
                    once.happen();
                    happened = true;
                } else if (random.nextInt(5) == 0) {
                    db.cutTailers();
                } else {
                    TransactionMix.killOne(db.source);
                }
            }
            List<Ledger> ledgers = new ArrayList<>();
            for (Future<Ledger> writer : running) {
                ledgers.add(writer.get());
            }
            return ledgers;
        } finally {
            pool.shutdownNow();
        }
    }

    /** What a crash has left prepared, nobody else would end. */
    private static void rollBackPrepared(Db db) throws SQLException {
        for (String gid : db.texts("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")) {
            try {
                db.execute("ROLLBACK PREPARED '" + gid + "'");
            } catch (SQLException e) {
                // its writer has ended it meanwhile
            }
        }
    }

    private static void awaitHead(Db db, StressReader reader) throws SQLException {
        long head = db.number("SELECT everafter.head()");
        Awaitility.await().atMost(Duration.ofMinutes(30)).until(() -> reader.position() >= head);
    }

    private static Told.Difference difference(Db db, StressReader reader) throws Exception {
        Told told = reader.told();
        try (Connection connection = db.connect()) {
            return told.difference(connection, reader.first());
        }
    }
}
