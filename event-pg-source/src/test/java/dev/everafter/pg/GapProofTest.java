package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.LogStatus;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A hole is passed only when nobody can fill it any more: the scenarios in which other readers lose events. */
@Timeout(60)
class GapProofTest extends Holes {
    /** Below the heartbeat of 10 s, by which a lost wake-up would show itself. */
    private static final Duration SOON = Duration.ofSeconds(8);

    private final PgEventLog log = db.log().listener(counts).build();

    @AfterEach
    void closeLog() {
        log.close();
    }

    private void assertNothingPasses(Tail tail) throws Exception {
        await().until(() -> counts.gaps.get() > 0);
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
            fill(open, id);
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
            fill(open, id);
            open.commit();
            tail.awaitEvents(2);
            assertEquals(List.of("late", "second"), tail.values());
        }
    }

    @Test
    void shouldWaitForAPreparedTransactionAndNameIt() throws Exception {
        Servers.twoPhase();
        try (Tail tail = Tail.started(log)) {
            try (Connection preparing = db.connect()) {
                preparing.setAutoCommit(false);
                Db.execute(preparing, emit("first"), "PREPARE TRANSACTION 'order 17'");
            }
            db.execute(emit("second"));
            assertNothingPasses(tail);
            await().until(() -> counts.held.contains("order 17"));
            LogStatus status = log.status();
            assertFalse(status.following());
            assertTrue(status.problem().orElseThrow().contains("prepared transaction 'order 17'"), status::toString);

            db.execute("COMMIT PREPARED 'order 17'");

            tail.awaitEvents(2);
            assertEquals(List.of("first", "second"), tail.values());
            await().until(() -> log.status().following());
        }
    }

    @Test
    void shouldWaitForATransactionThatIsPreparedWhileItIsWaitedFor() throws Exception {
        Servers.twoPhase();
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
            await().until(() -> counts.held.contains("nightly job"));
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
                await().until(() -> counts.gaps.get() > 0);
                armed.set(true);
                tail.awaitEvents(2, SOON);
                assertEquals(List.of("first", "second"), tail.values());
            }
        } finally {
            racing.close();
        }
    }

    @Test
    void shouldWaitForWhoeverTakesAnIdWhileItExamines() throws Exception {
        try (Connection open = db.connect();
                Connection later = db.connect()) {
            Runnable[] between = {() -> {}};
            try (PgEventLog racing = db.log(() -> {}, () -> between[0].run())
                            .listener(counts)
                            .build();
                    Tail tail = Tail.started(racing)) {
                between[0] = onceInAHole(() -> {
                    place(later, "third");
                    db.execute(emit("fourth"));
                });
                place(open, "first");
                db.execute(emit("second"));
                await().until(() -> db.number("SELECT count(*) FROM everafter.commit_log") == 2);
                open.rollback();
                assertFalse(new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS));
                assertFalse(tail.values().contains("fourth"));
                later.commit();
                tail.awaitEvents(3);
                assertEquals(List.of("second", "third", "fourth"), tail.values());
            }
        }
    }

    @Test
    void shouldNotStartBeforeWhatWasPlacedBeforeIsDecided() throws Exception {
        try (Connection open = placed("first")) {
            db.execute(emit("second"));
            try (Tail tail = Tail.of(log)) {
                await().until(() -> !counts.held.isEmpty());
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
            tail.awaitEvents(1, SOON);
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
