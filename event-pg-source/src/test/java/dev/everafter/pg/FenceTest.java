package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.ReadLimits;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What was delivered survives a crash of the server. */
@Timeout(120)
class FenceTest {
    private static PostgresFixture server;

    @BeforeAll
    static void start() {
        // nothing is written for long unless somebody flushes
        server = PostgresFixture.builder()
                .setting("wal_writer_delay", "10s")
                .setting("autovacuum", "off")
                .build();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void shouldLoseNothingDeliveredWhenTheServerCrashesAfterAsynchronousCommits() throws Exception {
        Db db = Db.installed(server);
        Counts counts = new Counts();
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log)) {
            // each transaction in one statement, then several, then with the setting changed in the middle
            try (Connection async = db.connect()) {
                Db.execute(async, "SET synchronous_commit = off");
                for (int i = 0; i < 10; i++) {
                    Db.execute(async, emit(i));
                }
            }
            tail.awaitEvents(10);
            long head = tail.head();
            server.stopImmediately();
            server.start();
            assertEquals(ids(tail.events()), ids(log(db)));
            assertEquals(head, db.number("SELECT everafter.head()"));
            assertTrue(counts.flushes.get() > 0);

            db.execute(emit(10));
            tail.awaitEvents(11);
            assertEquals(List.of(), tail.changes(), "nothing was lost, so nothing is told to be");
            assertEquals(ids(log(db)), ids(tail.events()));
        }
    }

    /** Nothing but the rows themselves shows it: server, timeline and counter are what they were. */
    @Test
    void shouldLoseWhatWasDeliveredWhenItIsNotFlushedFirstAndSayThatTheLogWasRewound() throws Exception {
        Db db = Db.installed(server);
        // The WAL writer writes when it starts, and then each 10 s: without this it could do so just before the crash.
        server.restart();
        try (PgEventLog log = db.log(Sabotage.NO_FENCE).nanos(() -> 0).build(); // so that no mark flushes
                Tail tail = Tail.started(log)) {
            long kept = tail.head();
            try (Connection async = db.connect()) {
                Db.execute(async, "SET synchronous_commit = off", emit(1), emit(2), emit(3));
            }
            tail.awaitEvents(3);
            server.stopImmediately();
            server.start();
            assertEquals(List.of(), log(db), "this form was expected to lose");

            // in one transaction, whose rows the next check finds in the place of the others
            db.execute(emit(10));
            tail.awaitChange();
            assertEquals(kept, tail.changes().get(0).fork());
            tail.awaitEvents(4);
            assertTrue(tail.events().get(3).id() <= tail.events().get(2).id(), "its id was given out again");
        }
    }

    @Test
    void shouldFlushWhenATransactionTurnsAsynchronousAfterItsPlaceWasTaken() throws Exception {
        Db db = Db.installed(server);
        Counts counts = new Counts();
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log)) {
            db.execute("BEGIN; SET CONSTRAINTS ALL IMMEDIATE; " + emit(1)
                    + "; SET LOCAL synchronous_commit = off; COMMIT");
            tail.awaitEvents(1);
            assertEquals(1, counts.fences.get());
            server.stopImmediately();
            server.start();
            assertEquals(ids(tail.events()), ids(log(db)));
        }
    }

    @Test
    void shouldNotFlushWhenEverybodyCommitsDurably() throws Exception {
        Db db = Db.installed(server);
        Counts counts = new Counts();
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log);
                Connection connection = db.connect()) {
            Db.execute(connection, emit(1));
            connection.setAutoCommit(false);
            Db.execute(connection, emit(2), emit(3));
            connection.commit();
            Db.execute(connection, emit(4), "COMMIT", emit(5), " end ;");
            connection.commit();
            tail.awaitEvents(5);
            assertEquals(0, counts.fences.get());
        }
    }

    private static String emit(int i) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + i + "\"}')";
    }

    private static List<Event> log(Db db) throws SQLException {
        try (PgEventLog log = db.log().build()) {
            return log.read(0, db.number("SELECT everafter.head()"), Filter.all(), new ReadLimits(1000, 1 << 20))
                    .events();
        }
    }

    private static List<Long> ids(List<Event> events) {
        return events.stream().map(Event::id).toList();
    }
}
