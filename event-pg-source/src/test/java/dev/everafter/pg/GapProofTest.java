package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.LogStatus;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hole is passed only when nobody can fill it any more: the scenarios in which other readers lose events. */
@Timeout(60)
class GapProofTest {
    private static final String PLACE = "INSERT INTO everafter.commit_log (id, seg, part, at, tx, durable)"
            + " OVERRIDING SYSTEM VALUE SELECT %d, 7, 0, clock_timestamp(), pg_current_xact_id(), true";
    private static final String EVENT =
            "INSERT INTO everafter.event (seg, n, topic, type, data) VALUES (7, 1, 't', 'x', '{\"v\":\"late\"}')";

    private final Db db = Db.installed(Servers.twoPhase());
    private final Counts counts = new Counts();
    private final PgEventLog log = db.log().listener(counts).build();

    @AfterEach
    void close() throws SQLException {
        log.close();
        for (String gid : db.texts("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()")) {
            db.execute("ROLLBACK PREPARED '" + gid + "'");
        }
    }

    private static String emit(String value) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + value + "\"}')";
    }

    /** A transaction that has taken its place and not committed. */
    private Connection placed(String value) throws SQLException {
        Connection connection = db.connect();
        connection.setAutoCommit(false);
        Db.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE", emit(value));
        return connection;
    }

    private void assertNothingPasses(Tail tail) throws Exception {
        Awaitility.await().until(() -> counts.gaps.get() > 0);
        assertFalse(new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS));
        assertEquals(List.of(), tail.values());
    }

    @Test
    void shouldPassNothingOverAnOpenTransactionUntilItCommits() throws Exception {
        try (Tail tail = Tail.started(log);
                Connection open = placed("first")) {
            db.execute(emit("second"), emit("third"));
            assertNothingPasses(tail);
            open.commit();
            tail.awaitEvents(3);
            assertEquals(List.of("first", "second", "third"), tail.values());
        }
    }

    @Test
    void shouldPassOverAnOpenTransactionWhenItRollsBack() throws Exception {
        try (Tail tail = Tail.started(log);
                Connection open = placed("first")) {
            db.execute(emit("second"));
            assertNothingPasses(tail);
            open.rollback();
            tail.awaitEvents(1);
            assertEquals(List.of("second"), tail.values());
        }
    }

    @Test
    void shouldWaitWhenAnIdIsTakenLongBeforeItsRowIsWritten() throws Exception {
        try (Tail tail = Tail.started(log);
                Connection open = db.connect()) {
            open.setAutoCommit(false);
            long id = nextId(open);
            db.execute(emit("second"));
            assertNothingPasses(tail);
            Db.execute(
                    open,
                    PLACE.formatted(id),
                    "ALTER TABLE everafter.event DISABLE TRIGGER close_part",
                    EVENT,
                    "ALTER TABLE everafter.event ENABLE ALWAYS TRIGGER close_part");
            open.commit();
            tail.awaitEvents(2);
            assertEquals(List.of("late", "second"), tail.values());
        }
    }

    @Test
    void shouldWaitWhenAnIdIsUsedAgainAfterRollbackToSavepoint() throws Exception {
        try (Tail tail = Tail.started(log);
                Connection open = db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, "SAVEPOINT a");
            long id = nextId(open);
            Db.execute(open, "ROLLBACK TO a");
            db.execute(emit("second"));
            assertNothingPasses(tail);
            Db.execute(
                    open,
                    "ALTER TABLE everafter.event DISABLE TRIGGER close_part",
                    EVENT,
                    "ALTER TABLE everafter.event ENABLE ALWAYS TRIGGER close_part",
                    PLACE.formatted(id));
            open.commit();
            tail.awaitEvents(2);
            assertEquals(List.of("late", "second"), tail.values());
        }
    }

    private static long nextId(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT nextval('everafter.commit_log_id_seq')")) {
            row.next();
            return row.getLong(1);
        }
    }

    @Test
    void shouldWaitForAPreparedTransactionAndNameIt() throws Exception {
        try (Tail tail = Tail.started(log)) {
            try (Connection preparing = db.connect()) {
                preparing.setAutoCommit(false);
                Db.execute(preparing, emit("first"), "PREPARE TRANSACTION 'order 17'");
            }
            db.execute(emit("second"));
            assertNothingPasses(tail);
            Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> counts.held.contains("order 17"));
            LogStatus status = log.status();
            assertFalse(status.following());
            assertTrue(status.problem().orElseThrow().contains("prepared transaction 'order 17'"), status::toString);

            db.execute("COMMIT PREPARED 'order 17'");

            tail.awaitEvents(2);
            assertEquals(List.of("first", "second"), tail.values());
            Awaitility.await().until(() -> log.status().following());
        }
    }

    @Test
    void shouldWaitForATransactionThatIsPreparedWhileItIsWaitedFor() throws Exception {
        try (Tail tail = Tail.started(log);
                Connection open = placed("first")) {
            db.execute(emit("second"));
            assertNothingPasses(tail);
            Db.execute(open, "PREPARE TRANSACTION 'late'");
            db.execute(emit("third"));
            assertNothingPasses(tail);
            db.execute("COMMIT PREPARED 'late'");
            tail.awaitEvents(3);
            assertEquals(List.of("first", "second", "third"), tail.values());
        }
    }

    @Test
    void shouldNameTheSessionThatHoldsDeliveryBack() throws Exception {
        try (Tail tail = Tail.started(log);
                Connection open = placed("first")) {
            Db.execute(open, "SET application_name = 'nightly job'");
            db.execute(emit("second"));
            Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> counts.held.contains("nightly job"));
            assertTrue(counts.held.contains("pid "), counts.held);
            assertTrue(counts.held.contains("idle in transaction"), counts.held);
            open.rollback();
            tail.awaitEvents(1);
        }
    }

    @Test
    void shouldReadAgainAfterTheProofWhenTheHoleIsFilledMeanwhile() throws Exception {
        Connection open = placed("first");
        AtomicBoolean armed = new AtomicBoolean();
        PgEventLog racing = db.log(() -> {}, () -> {
                    // between the read that showed the hole and the list of holders
                    if (armed.getAndSet(false)) {
                        open.commit();
                    }
                })
                .listener(counts)
                .build();
        try (open;
                Connection reserved = db.connect()) {
            // started before the hole: the tailer must not wait for it at its start
            open.rollback();
            try (Tail tail = Tail.started(racing)) {
                Db.execute(open, "SET CONSTRAINTS ALL IMMEDIATE", emit("first"));
                armed.set(false);
                Db.execute(reserved, emit("second"));
                Awaitility.await().until(() -> counts.gaps.get() > 0);
                armed.set(true);
                tail.awaitEvents(2, Duration.ofSeconds(5));
                assertEquals(List.of("first", "second"), tail.values());
            }
        } finally {
            racing.close();
        }
    }

    @Test
    void shouldNotStartBeforeWhatWasPlacedBeforeIsDecided() throws Exception {
        try (Connection open = placed("first")) {
            db.execute(emit("second"));
            try (Tail tail = Tail.of(log)) {
                Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> !counts.held.isEmpty());
                assertFalse(log.status().following());
                open.commit();
                tail.awaitHead(db.number("SELECT everafter.head()"));
                assertEquals(tail.first().head(), db.number("SELECT everafter.head()"));
                assertEquals(List.of(), tail.values());
            }
        }
    }

    @Test
    void shouldNotWaitForLongTransactionsThatHaveTakenNoPlace() throws Exception {
        try (Tail tail = Tail.started(log);
                Connection open = db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, emit("long"));
            db.execute(emit("short"));
            tail.awaitEvents(1, Duration.ofSeconds(5));
            open.commit();
            tail.awaitEvents(2);
            assertEquals(List.of("short", "long"), tail.values());
        }
    }

    @Test
    void shouldPassAlsoWhereNobodyPrepares() throws Exception {
        Db other = Db.installed(PostgresFixture.shared());
        try (PgEventLog plain = other.log().build();
                Tail tail = Tail.started(plain);
                Connection writer = other.connect()) {
            for (int i = 0; i < 300; i++) {
                Db.execute(writer, emit("" + i));
            }
            tail.awaitEvents(300);
        }
    }
}
