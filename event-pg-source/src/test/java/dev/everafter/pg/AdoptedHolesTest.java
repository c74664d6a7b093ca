package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A hole in an adopted table's ids is passed only when nobody who uses its sequence can fill it any more; who fills it
 * otherwise is told as late. The readers that leave a step out lose a row in the same schedules.
 */
@Timeout(120)
class AdoptedHolesTest {
    private final Counts counts = new Counts();
    private Adopted adopted;

    AdoptedHolesTest() throws SQLException {
        adopted = Adopted.on(PostgresFixture.shared());
    }

    private AdoptedLog log(AdoptedSabotage sabotage) throws SQLException {
        return log(sabotage, () -> {});
    }

    private AdoptedLog log(AdoptedSabotage sabotage, AdoptedSabotage.Hook beforeHolders) throws SQLException {
        return adopted.log()
                .sessions(sabotage.sessions(beforeHolders))
                .recheckEach(Duration.ofMillis(50))
                .listener(counts)
                .build();
    }

    private void assertNothingPasses(Tail tail) throws Exception {
        await().until(() -> counts.gaps.get() > 0);
        assertFalse(new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS));
        assertEquals(List.of(), tail.values());
    }

    private AdoptedSabotage.Hook onceInAHole(AdoptedSabotage.Hook schedule) {
        AtomicBoolean done = new AtomicBoolean();
        return () -> {
            if (counts.gaps.get() > 0 && !done.getAndSet(true)) {
                schedule.run();
            }
        };
    }

    private List<String> late() {
        return counts.late.stream()
                .map(event -> event.data().orElseThrow().parse().asJsonObject().getString("v"))
                .toList();
    }

    /** Without a right to the sequence too: then the newest row says how far ids were handed out. */
    @ParameterizedTest
    @ValueSource(strings = {Adopted.COUNTER, Adopted.READER})
    void shouldPassNothingOverAnOpenTransactionUntilItCommits(String role) throws Exception {
        adopted = Adopted.on(PostgresFixture.shared(), role);
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log);
                Connection open = adopted.inserted("first")) {
            adopted.insert("second", "third");
            assertNothingPasses(tail);
            open.commit();
            tail.awaitEvents(3);
            assertEquals(List.of("first", "second", "third"), tail.values());
        }
    }

    @Test
    void shouldPassOverAnOpenTransactionWhenItRollsBack() throws Exception {
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log);
                Connection open = adopted.inserted("first")) {
            adopted.insert("second");
            assertNothingPasses(tail);
            open.rollback();
            tail.awaitEvents(1);
            assertEquals(List.of("second"), tail.values());
        }
    }

    /** D2 of the attacks: as Rails and Hibernate do it. */
    @ParameterizedTest
    @EnumSource(
            value = AdoptedSabotage.class,
            names = {"NOTHING", "LOCK_ON_TABLE", "NO_PROOF"})
    void shouldWaitWhenAnIdIsTakenBeforeItsRowIsWritten(AdoptedSabotage sabotage) throws Exception {
        try (AdoptedLog log = log(sabotage);
                Tail tail = Tail.started(log);
                Connection open = adopted.db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, "SELECT nextval('logs_id_seq')");
            adopted.insert("second");
            if (sabotage == AdoptedSabotage.NOTHING) {
                assertNothingPasses(tail);
            } else {
                tail.awaitEvents(1);
            }
            Db.execute(open, Adopted.insertSql(1, "first"));
            open.commit();
            assertInOrderOrLost(sabotage, tail, List.of("first", "second"), "first");
        }
    }

    /** D3: the table's lock is let go with the savepoint, the sequence's is not. */
    @ParameterizedTest
    @EnumSource(
            value = AdoptedSabotage.class,
            names = {"NOTHING", "LOCK_ON_TABLE"})
    void shouldWaitWhenAnIdIsUsedAgainAfterRollbackToSavepoint(AdoptedSabotage sabotage) throws Exception {
        try (AdoptedLog log = log(sabotage);
                Tail tail = Tail.started(log);
                Connection open = adopted.db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, "SAVEPOINT a", Adopted.insertSql("undone"), "ROLLBACK TO a");
            adopted.insert("second");
            if (sabotage == AdoptedSabotage.NOTHING) {
                assertNothingPasses(tail);
            } else {
                tail.awaitEvents(1);
            }
            Db.execute(open, Adopted.insertSql(1, "first"));
            open.commit();
            assertInOrderOrLost(sabotage, tail, List.of("first", "second"), "first");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AdoptedSabotage.class,
            names = {"NOTHING", "NO_SECOND_SNAPSHOT"})
    void shouldReadAgainAfterTheProofWhenTheHoleIsFilledMeanwhile(AdoptedSabotage sabotage) throws Exception {
        try (Connection open = adopted.db.connect()) {
            open.setAutoCommit(false);
            try (AdoptedLog log = log(sabotage, onceInAHole(open::commit));
                    Tail tail = Tail.started(log)) {
                Db.execute(open, Adopted.insertSql("first"));
                adopted.insert("second");
                assertInOrderOrLost(sabotage, tail, List.of("first", "second"), "first");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = AdoptedSabotage.class,
            names = {"NOTHING", "LAST_VALUE_AFTER_HOLDERS"})
    void shouldWaitForWhoeverTakesAnIdWhileItExamines(AdoptedSabotage sabotage) throws Exception {
        try (Connection open = adopted.db.connect();
                Connection later = adopted.db.connect()) {
            open.setAutoCommit(false);
            later.setAutoCommit(false);
            try (AdoptedLog log = log(sabotage, onceInAHole(() -> {
                        Db.execute(later, Adopted.insertSql("third"));
                        adopted.insert("fourth");
                    }));
                    Tail tail = Tail.started(log)) {
                Db.execute(open, Adopted.insertSql("first"));
                adopted.insert("second");
                await().until(() -> adopted.db.number("SELECT count(*) FROM logs") == 2);
                open.rollback();
                if (sabotage == AdoptedSabotage.NOTHING) {
                    assertFalse(new CountDownLatch(1).await(300, TimeUnit.MILLISECONDS));
                } else {
                    tail.awaitEvents(2);
                }
                later.commit();
                assertInOrderOrLost(sabotage, tail, List.of("second", "third", "fourth"), "third");
            }
        }
    }

    /** A reader that leaves a step out is found out by the look at what was skipped: its loss is no silent one. */
    private void assertInOrderOrLost(AdoptedSabotage sabotage, Tail tail, List<String> all, String lost) {
        if (sabotage == AdoptedSabotage.NOTHING) {
            tail.awaitEvents(all.size());
            assertEquals(all, tail.values());
            assertEquals(List.of(), late());
        } else {
            await().until(() -> !counts.late.isEmpty());
            assertEquals(List.of(lost), late());
            assertFalse(tail.values().contains(lost), "this form was expected to lose");
        }
    }

    @Test
    void shouldNotStartBeforeWhatWasTakenBeforeIsDecided() throws Exception {
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Connection open = adopted.inserted("first")) {
            adopted.insert("second");
            try (Tail tail = Tail.of(log)) {
                await().until(() -> !counts.held.isEmpty());
                assertFalse(log.status().following());
                open.commit();
                tail.awaitHead(2);
                assertEquals(2, tail.first().head());
                assertEquals(List.of(), tail.values());
            }
        }
    }

    /** D9: the parent is not locked, and the sequence is. */
    @Test
    void shouldWaitWhenARowIsInsertedStraightIntoAPartition() throws Exception {
        adopted.db.execute("DROP TABLE logs");
        adopted.create("CREATE TABLE logs (id bigserial PRIMARY KEY, v text, at timestamptz) PARTITION BY RANGE (id)");
        adopted.db.execute("CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (1000000)");
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log);
                Connection open = adopted.db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, "INSERT INTO logs_1 (id, v) VALUES (nextval('logs_id_seq'), 'first')");
            adopted.insert("second");
            assertNothingPasses(tail);
            open.commit();
            tail.awaitEvents(2);
            assertEquals(List.of("first", "second"), tail.values());
        }
    }

    // what no reader can prove: told as late, once

    /** D4: pooled ids. */
    @Test
    void shouldTellARowAsLateWhenItsIdWasTakenInAnEarlierTransaction() throws Exception {
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log)) {
            adopted.db.execute("SELECT nextval('logs_id_seq') FROM generate_series(1, 3)");
            adopted.insert("fourth");
            tail.awaitEvents(1);
            adopted.db.execute(Adopted.insertSql(2, "second"), Adopted.insertSql(1, "first"));
            await().until(() -> counts.late.size() == 2);
            adopted.insert("fifth");
            adopted.db.execute(Adopted.insertSql(3, "third"));
            await().until(() -> counts.late.size() == 3);
            assertEquals(
                    List.of(1L, 2L, 3L),
                    counts.late.stream().map(Event::id).sorted().toList());
            tail.awaitEvents(2);
            assertEquals(List.of("fourth", "fifth"), tail.values());
        }
    }

    /** Ids that were taken before anybody followed. */
    @Test
    void shouldTellARowAsLateWhenItsIdWasTakenBeforeTheStart() throws Exception {
        adopted.db.execute("SELECT nextval('logs_id_seq') FROM generate_series(1, 3)");
        adopted.insert("fourth");
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log)) {
            adopted.db.execute(Adopted.insertSql(2, "second"));
            await().until(() -> late().equals(List.of("second")));
            assertEquals(List.of(), tail.values());
        }
    }

    /** D5: a session keeps ids for its later transactions. */
    @Test
    void shouldTellARowAsLateWhenTheSequenceHasACache() throws Exception {
        adopted.db.execute("ALTER SEQUENCE logs_id_seq CACHE 10");
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log);
                Connection one = adopted.db.connect();
                Connection other = adopted.db.connect()) {
            Db.execute(one, Adopted.insertSql("1"));
            Db.execute(other, Adopted.insertSql("11"));
            tail.awaitEvents(2);
            Db.execute(one, Adopted.insertSql("2"));
            await().until(() -> late().equals(List.of("2")));
            assertEquals(List.of("1", "11"), tail.values());
        }
    }

    /** D8: the log goes on, and the sequence's ids come late once it has come by. */
    @Test
    void shouldNotStandStillWhenAnIdIsAheadOfTheSequence() throws Exception {
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log)) {
            adopted.insert("1");
            tail.awaitEvents(1);
            adopted.db.execute(Adopted.insertSql(1000, "far"));
            tail.awaitEvents(2);
            adopted.insert("2", "3");
            await().until(() -> counts.late.size() == 2);
            assertEquals(List.of("1", "far"), tail.values());
            assertEquals(List.of(), tail.changes());
        }
    }

    /** Of D8, before the start: a row beyond the counter is told, and the sequence's rows are not below the head. */
    @Test
    void shouldStartAtTheCounterWhenRowsAreAheadOfIt() throws Exception {
        adopted.insert("1");
        adopted.db.execute(Adopted.insertSql(1000, "far"));
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log)) {
            assertEquals(1, tail.first().head());
            tail.awaitEvents(1);
            adopted.insert("2");
            await().until(() -> late().equals(List.of("2")));
        }
    }

    /** Of D6: no event can have that id, and a row that can't be told is no silent matter. */
    @Test
    void shouldSaySoWhenARowHasAnIdBelowOne() throws Exception {
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log)) {
            adopted.db.execute(Adopted.insertSql(-5, "low"));
            await().until(() -> log.status().problem().orElse("").contains("id -5"));
            adopted.db.execute("DELETE FROM logs WHERE id = -5");
            adopted.insert("1");
            tail.awaitEvents(1);
            await().until(() -> log.status().following());
        }
    }

    @Test
    void shouldSaySoWhenAnIdIsBeyondWhatJsonCanSay() throws Exception {
        try (AdoptedLog log = log(AdoptedSabotage.NOTHING);
                Tail tail = Tail.started(log)) {
            adopted.db.execute(Adopted.insertSql(1L << 53, "high"));
            await().until(() -> log.status().problem().orElse("").contains("id " + (1L << 53)));
            assertEquals(List.of(), tail.values());
        }
    }

    // a limit to waiting

    @Test
    void shouldPassOverAHeldHoleAfterTheLimitAndTellItsRowAsLate() throws Exception {
        try (AdoptedLog log = adopted.log()
                        .maxHold(Duration.ofMillis(500))
                        .lateFor(Duration.ofMillis(1)) // it is kept all the same, as long as the transaction is open
                        .recheckEach(Duration.ofMillis(50))
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log);
                Connection open = adopted.inserted("first")) {
            adopted.insert("second");
            tail.awaitEvents(1);
            assertEquals(List.of("second"), tail.values());
            assertEquals(1, counts.givenUp.get());
            await().until(() -> log.status().following());
            open.commit();
            await().until(() -> late().equals(List.of("first")));
            adopted.insert("third");
            tail.awaitEvents(2);
            assertTrue(counts.late.size() == 1, counts.late::toString);
        }
    }
}
