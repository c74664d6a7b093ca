package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
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
        db.execute(
                "CREATE TABLE s (tok text PRIMARY KEY, tx text, q bigint)",
                "CREATE TABLE r (tok text PRIMARY KEY, tx text, q bigint)",
                "CREATE TABLE acct (id int PRIMARY KEY, ver bigint)",
                "INSERT INTO acct SELECT g, 0 FROM generate_series(1, 20) g",
                "SELECT everafter.capture('s'), everafter.capture('acct'), everafter.capture('r', '{\"form\":\"row\"}')");
        Counts counts = new Counts();
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log)) {
            long stop = System.nanoTime() + duration.toNanos();
            List<Future<StressWriter>> running = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                StressWriter writer = new StressWriter(
                        db, w, new Random(random.nextLong()), stop, server != PostgresFixture.shared());
                running.add(pool.submit(writer));
            }
            while (System.nanoTime() < stop) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(100, 600)));
                if (cut && random.nextInt(3) == 0) {
                    db.cutTailers();
                } else {
                    killAWriter(db);
                }
            }
            Set<String> committed = new HashSet<>();
            Set<String> uncertain = new HashSet<>();
            for (Future<StressWriter> writer : running) {
                committed.addAll(writer.get().committed);
                uncertain.addAll(writer.get().uncertain);
            }
            tail.awaitHead(db.number("SELECT everafter.head()"));
            check(db, tail, committed, uncertain);
            assertEquals(0, counts.missed.get());
            assertEquals(List.of(), tail.changes());
            System.out.println(name + ": " + tail.events().size() + " events of " + committed.size() + " rows, gaps "
                    + counts.gaps + ", fences " + counts.fences + " (" + counts.flushes + " flushed), sessions "
                    + counts.connected + ", armed " + counts.armed + ", rung " + counts.rung);
        } finally {
            pool.shutdownNow();
        }
    }

    private static void killAWriter(Db db) throws SQLException {
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                + " AND application_name = 'stress' AND xact_start IS NOT NULL ORDER BY random() LIMIT 1");
    }

    private static void check(Db db, Tail tail, Set<String> committed, Set<String> uncertain) throws SQLException {
        List<Event> events = tail.events();
        List<String> told = events.stream()
                .map(event -> event.id() + " " + event.topic() + " " + event.type() + " " + event.last())
                .toList();
        List<String> table = db.texts(
                "SELECT concat_ws(' ', c.id * 256 + ((e.n - 1) & 255), e.topic, e.type, CASE WHEN EXISTS (SELECT FROM"
                        + " everafter.event x WHERE x.seg = e.seg AND x.n = e.n + 1) THEN 'false' ELSE 'true' END)"
                        + " FROM everafter.commit_log c JOIN everafter.event e ON e.seg = c.seg AND c.part = (e.n - 1) >> 8"
                        + " ORDER BY c.id, e.n");
        // what was there before the tailer began is not told
        assertEquals(table.subList(table.size() - told.size(), table.size()), told, "lost, repeated or out of order");
        assertEquals(Set.of(), new HashSet<>(table.subList(0, table.size() - told.size())));

        Set<String> tokens = new HashSet<>(
                db.texts(
                        "SELECT data ->> 'tok' FROM everafter.event WHERE topic IN ('public.s', 'public.r', 'e') AND type <> 'delete'"));
        Set<String> missing = new HashSet<>(committed);
        missing.removeAll(tokens);
        assertEquals(Set.of(), missing, "committed, and no event");
        tokens.removeAll(committed);
        tokens.removeAll(uncertain);
        assertEquals(Set.of(), tokens, "an event, and not committed");
        assertEquals(
                0,
                db.number("SELECT count(*) FROM everafter.event e WHERE NOT EXISTS (SELECT FROM"
                        + " everafter.commit_log c WHERE c.seg = e.seg AND c.part = (e.n - 1) >> 8)"),
                "events without a place");
        assertEquals(
                0,
                db.number("SELECT count(*) FROM (SELECT n, lag(n, 1, 0::bigint) OVER (PARTITION BY seg ORDER BY n) p"
                        + " FROM everafter.event) z WHERE n <> p + 1"),
                "holes in a segment");
        assertEquals(
                0,
                db.number(
                        "SELECT count(*) FROM (SELECT (e.data ->> 'q')::bigint q, lag((e.data ->> 'q')::bigint)"
                                + " OVER (PARTITION BY e.data ->> 'tx' ORDER BY c.id, e.n) p FROM everafter.commit_log c JOIN everafter.event e"
                                + " ON e.seg = c.seg AND c.part = (e.n - 1) >> 8 WHERE e.data ->> 'tx' IS NOT NULL) z WHERE q <= p"),
                "out of order in a transaction");
        assertEquals(
                0,
                db.number("SELECT count(*) FROM (SELECT (e.data ->> 'ver')::bigint v, (e.old ->> 'ver')::bigint o,"
                        + " lag((e.data ->> 'ver')::bigint) OVER (PARTITION BY e.key ORDER BY c.id, e.n) p FROM everafter.commit_log c"
                        + " JOIN everafter.event e ON e.seg = c.seg AND c.part = (e.n - 1) >> 8 WHERE e.topic = 'public.acct') z"
                        + " WHERE v <> p + 1 OR o <> v - 1"),
                "out of order for a row");
        assertTrue(told.size() > 100, told.size() + " events are no stress");
    }
}
