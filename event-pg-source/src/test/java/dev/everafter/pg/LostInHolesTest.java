package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Readers that leave a step of the proof out, in the schedules of {@link GapProofTest}: each loses a commit. So those tests
 * would see it, if the step were missing.
 */
class LostInHolesTest extends Holes {
    /** The head has gone past {@code first}, which was committed, and it has not been told. */
    private void assertLost(String lost, Tail tail) throws SQLException {
        tail.awaitHead(db.number("SELECT everafter.head()"));
        List<String> told = tail.values();
        assertEquals(
                1,
                db.number("SELECT count(*) FROM everafter.event e JOIN everafter.commit_log c USING (seg)"
                        + " WHERE e.data ->> 'v' = '" + lost + "'"),
                lost + " was not even committed");
        assertEquals(List.of(), told.stream().filter(lost::equals).toList(), "this form was expected to lose");
    }

    @Test
    void shouldLoseACommitWhenNothingIsProven() throws Exception {
        try (PgEventLog log = db.log(Sabotage.NO_PROOF).build();
                Tail tail = Tail.started(log);
                Connection open = placed("first")) {
            db.execute(emit("second"));
            tail.awaitEvents(1);
            open.commit();
            assertLost("first", tail);
        }
    }

    @Test
    void shouldLoseACommitWhenTheTablesLockIsWatchedAndAnIdIsTakenEarly() throws Exception {
        try (PgEventLog log = db.log(Sabotage.LOCK_ON_TABLE).build();
                Tail tail = Tail.started(log);
                Connection open = db.connect()) {
            open.setAutoCommit(false);
            long id = nextId(open);
            db.execute(emit("second"));
            tail.awaitEvents(1);
            fill(open, id);
            open.commit();
            assertLost("late", tail);
        }
    }

    @Test
    void shouldLoseACommitWhenTheTablesLockIsWatchedAndASavepointIsRolledBack() throws Exception {
        try (PgEventLog log = db.log(Sabotage.LOCK_ON_TABLE).build();
                Tail tail = Tail.started(log);
                Connection open = db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, "SAVEPOINT a", "SET CONSTRAINTS ALL IMMEDIATE", emit("undone"));
            long id = db.number("SELECT last_value FROM everafter.commit_log_id_seq");
            Db.execute(open, "ROLLBACK TO a"); // lets the table's lock go, and keeps the sequence's
            db.execute(emit("second"));
            tail.awaitEvents(1);
            fill(open, id);
            open.commit();
            assertLost("late", tail);
        }
    }

    @Test
    void shouldLoseACommitWhenTheLogIsNotReadAgainAfterTheProof() throws Exception {
        try (Connection open = db.connect()) {
            Runnable[] beforeHolders = {() -> {}};
            try (PgEventLog log = db.log(Sabotage.NO_SECOND_SNAPSHOT, () -> {}, () -> beforeHolders[0].run())
                            .listener(counts)
                            .build();
                    Tail tail = Tail.started(log)) {
                beforeHolders[0] = onceInAHole(open::commit);
                place(open, "first");
                db.execute(emit("second"));
                tail.awaitEvents(1);
                assertLost("first", tail);
            }
        }
    }

    @Test
    void shouldLoseACommitWhenTheCounterIsReadAfterTheHolders() throws Exception {
        try (Connection open = db.connect();
                Connection later = db.connect()) {
            Runnable[] between = {() -> {}};
            try (PgEventLog log = db.log(Sabotage.LAST_VALUE_AFTER_HOLDERS, () -> {}, () -> between[0].run())
                            .listener(counts)
                            .build();
                    Tail tail = Tail.started(log)) {
                between[0] = onceInAHole(() -> {
                    place(later, "third");
                    db.execute(emit("fourth"));
                });
                place(open, "first");
                db.execute(emit("second"));
                Awaitility.await()
                        .atMost(Duration.ofSeconds(30))
                        .until(() -> db.number("SELECT count(*) FROM everafter.commit_log") == 2);
                open.rollback();
                tail.awaitEvents(2);
                later.commit();
                assertLost("third", tail);
            }
        }
    }

    /**
     * A statement's snapshot is older than all that it does. Whoever commits after the snapshot and before the locks are
     * read is in neither; in which order the statement reads them makes no difference. Nothing but the width of the race
     * hides it, so the statement is stopped there.
     */
    @ParameterizedTest
    @EnumSource(
            value = Sabotage.class,
            names = {"ONE_STATEMENT_LOCKS_FIRST", "ONE_STATEMENT_ROWS_FIRST"})
    void shouldLoseACommitWhenLocksAndRowsAreReadInOneStatement(Sabotage oneStatement) throws Exception {
        try (PgEventLog log = db.log(oneStatement).listener(counts).build();
                Tail tail = Tail.started(log);
                Connection gate = db.connect();
                Connection open = placed("first")) {
            db.execute(emit("second"));
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> counts.gaps.get() > 0);
            Db.execute(gate, "SELECT pg_advisory_lock(" + Sabotage.GATE + ")");
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> db.number(
                                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                                            + " AND objid = " + Sabotage.GATE
                                            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
                            == 1);
            assertEquals(List.of(), tail.events().stream().map(Event::id).toList());
            open.commit();
            Db.execute(gate, "SELECT pg_advisory_unlock(" + Sabotage.GATE + ")");
            tail.awaitEvents(1);
            assertLost("first", tail);
        }
    }
}
