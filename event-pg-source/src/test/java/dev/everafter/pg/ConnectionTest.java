package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventLogException;
import dev.everafter.core.Filter;
import dev.everafter.core.ReadLimits;
import dev.everafter.testkit.PostgresFixture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where the log may be followed, and that nothing a role or a database is set to gets in the way. */
@Timeout(120)
class ConnectionTest {
    private static final ReadLimits LIMITS = new ReadLimits(1000, 1 << 20);

    private final Counts counts = new Counts();

    private static String emit(int i) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + i + "\"}')";
    }

    private void assertRefused(PgEventLog log, String because) throws Exception {
        try (Tail tail = Tail.of(log)) {
            await().until(() -> counts.lost.get() >= 2);
            String problem = log.status().problem().orElseThrow();
            assertTrue(problem.contains(because), problem);
            assertEquals(0, counts.connected.get());
            assertEquals(List.of(), tail.values());
        }
    }

    @Test
    void shouldRefuseAStandbyUntilItIsPromotedAndThenBeginANewEpoch() throws Exception {
        try (PostgresFixture server = PostgresFixture.builder().build()) {
            Db db = Db.installed(server);
            long told;
            try (PgEventLog log = db.log().build();
                    Tail tail = Tail.started(log)) {
                db.execute(emit(1), emit(2));
                tail.awaitEvents(2);
                told = tail.head();
                server.stop();
                server.becomeStandby();
                server.start();
                await().until(() ->
                        log.status().problem().orElse("").contains("the log can't be followed on a standby"));
                assertFalse(log.status().following());

                server.promote();

                // all it delivered is there, but another server may have gone on from the same point
                tail.awaitChange();
                assertEquals(told, tail.changes().get(0).fork());
                db.execute(emit(3));
                tail.awaitEvents(3);
                assertEquals(List.of("1", "2", "3"), tail.values());
            }
        }
    }

    @Test
    void shouldRefuseAConnectionPooler() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (Pooler pooler = Pooler.before(db.server);
                PgEventLog log = PgEventLog.builder()
                        .dataSource(db.source)
                        .tailer(
                                db.url.replace(":" + db.server.port() + "/", ":" + pooler.port() + "/")
                                        + "&sslmode=disable&gssEncMode=disable",
                                new Properties())
                        .listener(counts)
                        .build()) {
            assertRefused(log, "through a connection pooler");
        }
    }

    @Test
    void shouldRefuseASequenceThatIsHandedOutInAdvance() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        db.execute("ALTER SEQUENCE everafter.commit_log_id_seq CACHE 10");
        try (PgEventLog log = db.log().listener(counts).build()) {
            assertRefused(log, "CACHE 1");
        }
    }

    @Test
    void shouldFollowWhateverRoleAndDatabaseAreSetTo() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        String role = "hostile_" + db.number("SELECT oid FROM pg_database WHERE datname = current_database()");
        db.execute(
                "CREATE SCHEMA evil",
                "CREATE TABLE evil.pg_locks (nothing int)",
                "CREATE FUNCTION evil.pg_backend_pid() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "CREATE ROLE " + role + " SUPERUSER LOGIN");
        List<String> settings = new ArrayList<>(List.of(
                "search_path = evil, pg_catalog",
                "statement_timeout = '300ms'",
                "lock_timeout = '1ms'",
                "idle_in_transaction_session_timeout = '100ms'",
                "default_transaction_isolation = 'serializable'",
                "default_transaction_read_only = on",
                "default_transaction_deferrable = on",
                "synchronous_commit = off",
                "session_replication_role = replica",
                "datestyle = 'German, DMY'",
                "timezone = 'Asia/Kathmandu'",
                "bytea_output = 'escape'",
                "standard_conforming_strings = off",
                "enable_indexscan = off"));
        int version = Servers.majorVersion(db.server);
        if (version >= 14) {
            settings.add("idle_session_timeout = '300ms'");
        }
        if (version >= 17) {
            settings.add("transaction_timeout = '300ms'");
        }
        for (String setting : settings) {
            db.execute("ALTER ROLE " + role + " SET " + setting);
        }
        String url = db.url.replace("user=postgres", "user=" + role);
        try (PgEventLog log = PgEventLog.builder()
                        .dataSource(db.server.dataSource(url))
                        .tailer(url, new Properties())
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log)) {
            db.execute(emit(1));
            tail.awaitEvents(1);
            // asleep, longer than any of its timeouts
            assertFalse(new CountDownLatch(1).await(1, TimeUnit.SECONDS));
            db.execute(emit(2), "BEGIN; SET LOCAL synchronous_commit = off; " + emit(3) + "; COMMIT");
            tail.awaitEvents(3);
            assertEquals(List.of("1", "2", "3"), tail.values());
            // The pool's sessions keep the role's time limits, which a busy machine may pass; who reads tries again
            // then.
            await().ignoreExceptionsInstanceOf(EventLogException.class)
                    .untilAsserted(() -> assertEquals(
                            tail.events(),
                            log.read(0, tail.head(), Filter.all(), LIMITS).events()));
            assertEquals(0, counts.lost.get());
            assertEquals(0, counts.missed.get());
            assertEquals(
                    List.of("0"),
                    db.texts("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND state LIKE 'idle in transaction%'"));
        }
    }

    @Test
    void shouldTellEachStateItEnters() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        List<PgListener.State> states = Collections.synchronizedList(new ArrayList<>());
        PgListener listener = new PgListener() {
            @Override
            public void onState(State state) {
                states.add(state);
            }
        };
        try (PgEventLog log = db.log().listener(listener).build();
                Tail tail = Tail.started(log)) {
            await().until(() -> states.contains(PgListener.State.ASLEEP));
            assertEquals(
                    List.of(
                            PgListener.State.CONNECTING,
                            PgListener.State.PROVING,
                            PgListener.State.READING,
                            PgListener.State.ASLEEP),
                    List.copyOf(states).subList(0, 4));
            db.execute("BEGIN; SET LOCAL synchronous_commit = off; " + emit(1) + "; COMMIT");
            tail.awaitEvents(1);
            assertTrue(states.contains(PgListener.State.FENCING), states::toString);
            db.cutTailers();
            await().until(() -> states.contains(PgListener.State.LOST));
            int lost = states.indexOf(PgListener.State.LOST);
            await().until(() -> states.size() > lost + 2);
            assertEquals(
                    List.of(PgListener.State.CONNECTING, PgListener.State.READING),
                    List.copyOf(states).subList(lost + 1, lost + 3));
        }
    }

    @Test
    void shouldWaitLongerAfterEachFailureUpToFiveSecondsAndNeverTheSame() {
        Time time = new Time(() -> 0, new Random(1));
        long before = 0;
        for (int failures = 0; failures < 100; failures++) {
            long most = Math.min(5_000, 50L << Math.min(failures, 10));
            Duration pause = time.backoff(failures);
            assertTrue(pause.toMillis() >= most / 2 && pause.toMillis() <= most, failures + ": " + pause);
            before = Math.max(before, pause.toMillis());
        }
        assertTrue(before > 2_500);
        assertTrue(time.backoff(20).compareTo(time.backoff(20)) != 0);
    }
}
