package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Position;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.TailUpdate.EpochChanged;
import dev.everafter.testkit.PostgresFixture;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An adopted table that is no longer the one that was followed is noticed, though nothing was written into it. */
@Timeout(180)
class AdoptedHistoryTest {
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

    private static List<Long> ids(Tail tail) {
        return tail.events().stream().map(Event::id).toList();
    }

    private static EpochChanged awaitChange(Tail tail) {
        tail.awaitChange();
        return tail.changes().get(0);
    }

    @Test
    void shouldGoOnInItsHistoryWhenTheServerIsStartedAnewAndRowsWereDeleted() throws Exception {
        Adopted adopted = Adopted.on(server);
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            adopted.insert("1", "2", "3");
            tail.awaitEvents(3);
            adopted.db.execute("DELETE FROM logs WHERE id > 1");
            server.restart();
            adopted.insert("4");
            tail.awaitEvents(4);
            assertEquals(List.of(), tail.changes());
            assertEquals(log.range().epoch(), tail.first().epoch());
        }
    }

    @Test
    void shouldLoseNothingDeliveredWhenTheServerCrashesAfterAsynchronousCommits() throws Exception {
        Adopted adopted = Adopted.on(server);
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            try (Connection async = adopted.db.connect()) {
                Db.execute(async, "SET synchronous_commit = off", Adopted.insertSql("1"), Adopted.insertSql("2"));
            }
            tail.awaitEvents(2);
            server.stopImmediately();
            server.start();
            assertEquals(2, adopted.db.number("SELECT count(*) FROM logs"));
            adopted.insert("3");
            tail.awaitEvents(3);
            assertEquals(List.of(), tail.changes());
        }
    }

    /** A role that may not flush waits for others to do it. */
    @Test
    void shouldLoseNothingDeliveredWhenItMayNotFlush() throws Exception {
        Adopted adopted = Adopted.on(server);
        adopted.db.execute("REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text"
                + (Servers.majorVersion(server) >= 17 ? ", boolean" : "") + ") FROM PUBLIC");
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            try (Connection async = adopted.db.connect()) {
                Db.execute(async, "SET synchronous_commit = off", Adopted.insertSql("1"));
            }
            tail.awaitEvents(1);
            server.stopImmediately();
            server.start();
            assertEquals(1, adopted.db.number("SELECT count(*) FROM logs"));
        }
    }

    /** The same schedule; nothing but the row itself shows it. Somebody else may flush just then, so it may try again. */
    @Test
    void shouldLoseWhatWasDeliveredWhenItIsNotFlushedAndSayThatItWasRewound() throws Exception {
        Adopted adopted = Adopted.on(server);
        server.restart(); // the WAL writer writes when it starts, and then each 10 s
        try (AdoptedLog log = adopted.log()
                        .sessions(AdoptedSabotage.NO_FENCE.sessions(() -> {}))
                        .build();
                Tail tail = Tail.started(log)) {
            int told = 0;
            long kept = 0;
            for (int round = 0; round < 5 && kept == told; round++) {
                try (Connection async = adopted.db.connect()) {
                    Db.execute(async, "SET synchronous_commit = off", Adopted.insertSql("1"), Adopted.insertSql("2"));
                }
                told += 2;
                tail.awaitEvents(told);
                server.stopImmediately();
                server.start();
                kept = adopted.db.number("SELECT coalesce(max(id), 0) FROM logs");
            }
            assertEquals(told - 2, kept, "this form was expected to lose");
            adopted.db.execute("INSERT INTO logs (v) VALUES ('other'), ('others')");
            assertEquals(kept, awaitChange(tail).fork());
            tail.awaitEvents(told + 2);
            assertEquals(List.of("other", "others"), tail.values().subList(told, told + 2));
        }
    }

    /** The same timeline: the counter tells, and where it has come by again, the rows. */
    @Test
    void shouldForkWhereItsRowsDifferWhenADiskIsPutBack() throws Exception {
        Adopted adopted = Adopted.on(server);
        try (AdoptedLog one = adopted.log().build();
                Tail tail = Tail.started(one);
                AdoptedLog other = adopted.log().build();
                Tail otherTail = Tail.started(other)) {
            adopted.insert("1", "2", "3");
            tail.awaitEvents(3);
            otherTail.awaitEvents(3);
            server.stop();
            Path disk = server.copyData();
            server.start();
            adopted.insert("4", "5");
            tail.awaitEvents(5);
            otherTail.awaitEvents(5);
            server.stop();
            server.restoreData(disk);
            server.start();
            adopted.insert("four", "five", "six");

            EpochChanged change = awaitChange(tail);
            assertTrue(change.fork() <= 3, change::toString);
            tail.awaitHead(6);
            assertEquals(
                    List.of("four", "five", "six"),
                    tail.values()
                            .subList(tail.values().size() - 3, tail.values().size()));
            // whoever sees the same names it the same
            assertEquals(change.epoch(), awaitChange(otherTail).epoch());

            String before = tail.first().epoch();
            await().until(() -> one.status().following());
            Position told = new Position(before, 5);
            assertInstanceOf(Start.Rewound.class, one.resolve(StartFrom.after(told)));
            assertEquals(
                    new Start.At(new Position(change.epoch(), change.fork())),
                    one.resolve(StartFrom.after(told.at(change.fork()))));
        }
    }

    /** Rows that were told since the counter was looked at last counted as deleted, and those in their places were lost. */
    @Test
    void shouldForkWhenADiskIsPutBackRightAfterRowsWereTold() throws Exception {
        Adopted adopted = Adopted.on(server);
        AtomicBoolean away = new AtomicBoolean();
        TailConnection reachable = TailConnection.of(adopted.url(), new Properties());
        TailConnection unreliable = () -> {
            if (away.get()) {
                throw new SQLException("away");
            }
            return reachable.open();
        };
        try (AdoptedLog log = adopted.log().tailer(unreliable).build();
                Tail tail = Tail.started(log)) {
            adopted.insert("1", "2", "3");
            tail.awaitEvents(3);
            away.set(true);
            server.stop();
            Path disk = server.copyData();
            server.start();
            away.set(false);
            adopted.insert("4", "5");
            tail.awaitEvents(5);
            away.set(true);
            server.stop();
            server.restoreData(disk);
            server.start();
            // its first look is at a table with nothing in these places
            away.set(false);
            assertEquals(3, awaitChange(tail).fork());
            adopted.insert("four", "five");
            tail.awaitHead(5);
            assertEquals(List.of("1", "2", "3", "4", "5", "four", "five"), tail.values());
        }
    }

    @Test
    void shouldForkAtItsHeadWhenAServerIsPromotedWithoutLoss() throws Exception {
        try (PostgresFixture own = PostgresFixture.builder().build()) {
            Adopted adopted = Adopted.on(own);
            try (AdoptedLog log = adopted.log().build();
                    Tail tail = Tail.started(log)) {
                adopted.insert("1", "2", "3");
                tail.awaitEvents(3);
                own.stop();
                own.becomeStandby();
                own.start();
                own.promote();
                assertEquals(3, awaitChange(tail).fork());
                adopted.insert("4");
                tail.awaitEvents(4);
                assertEquals(List.of("1", "2", "3", "4"), tail.values());
                await().until(() -> log.status().following());
                String before = tail.first().epoch();
                assertNotEquals(before, log.range().epoch());
                assertEquals(
                        new Start.At(new Position(log.range().epoch(), 2)),
                        log.resolve(StartFrom.after(new Position(before, 2))));
            }
        }
    }

    @Test
    void shouldBeginAgainWhenTheTableIsTruncatedAndItsIdsRestarted() throws Exception {
        Adopted adopted = Adopted.on(server);
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            adopted.insert("1", "2", "3");
            tail.awaitEvents(3);
            adopted.db.execute("TRUNCATE logs RESTART IDENTITY");
            adopted.insert("one");
            assertEquals(0, awaitChange(tail).fork());
            tail.awaitEvents(4);
            assertEquals(List.of(1L, 2L, 3L, 1L), ids(tail));
        }
    }

    /** D6 of the attacks: in a new epoch if the counter was seen above before, else as late. */
    @Test
    void shouldTellARowBelowWhatWasDeliveredWhenTheCounterIsSetBack() throws Exception {
        Adopted adopted = Adopted.on(server);
        Counts counts = new Counts();
        try (AdoptedLog log = adopted.log().listener(counts).build();
                Tail tail = Tail.started(log)) {
            adopted.insert("1", "2", "3");
            adopted.db.execute("SELECT setval('logs_id_seq', 1000)");
            adopted.insert("1001");
            tail.awaitEvents(4);
            adopted.db.execute("SELECT setval('logs_id_seq', 500)");
            adopted.insert("501");
            await().until(() -> ids(tail).contains(501L) || counts.late.stream().anyMatch(event -> event.id() == 501));
        }
    }
}
