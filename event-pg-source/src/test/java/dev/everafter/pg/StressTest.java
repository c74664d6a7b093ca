package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.testkit.Ledger;
import dev.everafter.testkit.LedgerAudit;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import dev.everafter.testkit.TransactionMix;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Writers that do everything transactions can do, while the tailer's session is cut again and again: what it tells must be
 * the table, exactly, in the order of ids, and hold just what the writers know to be committed.
 */
class StressTest {
    private static final int WRITERS = 8;

    @Test
    @Timeout(180)
    void shouldTellExactlyTheTableWhileEverythingHappens() throws Exception {
        run("shouldTellExactlyTheTableWhileEverythingHappens", PostgresFixture.shared(), Duration.ofSeconds(8), true);
    }

    @Test
    @Timeout(180)
    void shouldTellExactlyTheTableWhereTransactionsArePrepared() throws Exception {
        run("shouldTellExactlyTheTableWhereTransactionsArePrepared", Servers.twoPhase(), Duration.ofSeconds(7), false);
    }

    @Test
    @Tag("stress")
    @Timeout(900)
    void shouldTellExactlyTheTableForLong() throws Exception {
        Duration each = Duration.ofSeconds(Integer.getInteger("stress.seconds", 120));
        run("shouldTellExactlyTheTableForLong", PostgresFixture.shared(), each, false);
        run("shouldTellExactlyTheTableForLong, prepared and cut", Servers.twoPhase(), each, true);
    }

    private static void run(String name, PostgresFixture server, Duration duration, boolean cut) throws Exception {
        Random random = Seed.random(name);
        Db db = Db.installed(server);
        db.execute(TransactionMix.SCHEMA.toArray(String[]::new));
        Counts counts = new Counts();
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log)) {
            long stop = System.nanoTime() + duration.toNanos();
            List<Future<Ledger>> running = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                running.add(pool.submit(new TransactionMix(
                        db.source,
                        w + 1,
                        new Random(random.nextLong()),
                        () -> System.nanoTime() < stop,
                        server != PostgresFixture.shared(),
                        0)));
            }
            while (System.nanoTime() < stop) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(100, 600)));
                if (cut && random.nextInt(3) == 0) {
                    db.cutTailers();
                } else {
                    TransactionMix.killOne(db.source);
                }
            }
            List<Ledger> ledgers = new ArrayList<>();
            for (Future<Ledger> writer : running) {
                ledgers.add(writer.get());
            }
            tail.awaitHead(db.number("SELECT everafter.head()"));
            check(db, tail);
            assertEquals(LedgerAudit.CLEAN, LedgerAudit.of(db.source, ledgers, false));
            assertEquals(0, counts.missed.get());
            assertEquals(List.of(), tail.changes());
            System.out.println(
                    name + ": " + tail.events().size() + " events of " + Ledger.rows(ledgers) + " rows, gaps "
                            + counts.gaps + ", fences " + counts.fences + " (" + counts.flushes + " flushed), sessions "
                            + counts.connected + ", armed " + counts.armed + ", rung " + counts.rung);
        } finally {
            pool.shutdownNow();
        }
    }

    private static void check(Db db, Tail tail) throws SQLException {
        List<Event> events = tail.events();
        List<String> told = events.stream()
                .map(event -> event.id() + " " + event.topic() + " " + event.type() + " " + event.last())
                .toList();
        List<String> table = db.texts(
                "SELECT concat_ws(' ', c.id * 256 + ((e.n - 1) & 255), e.topic, e.type, CASE WHEN EXISTS (SELECT FROM"
                        + " everafter.event x WHERE x.seg = e.seg AND x.n = e.n + 1) THEN 'false' ELSE 'true' END)"
                        + " FROM everafter.commit_log c JOIN everafter.event e ON e.seg = c.seg AND c.part = (e.n - 1) >> 8"
                        // what was there before the tailer began is not told
                        + " WHERE c.id > " + (tail.first().head() >> 8) + " ORDER BY c.id, e.n");
        assertEquals(table, told, "lost, repeated or out of order");
        assertTrue(told.size() > 100, told.size() + " events are no stress");
    }
}
