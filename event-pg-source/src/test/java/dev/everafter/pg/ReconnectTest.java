package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Cursor;
import dev.everafter.core.Event;
import dev.everafter.core.EventHub;
import dev.everafter.core.EventLogException;
import dev.everafter.core.Filter;
import dev.everafter.core.Gap;
import dev.everafter.core.Poll;
import dev.everafter.core.Position;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Selection;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.testkit.PostgresFixture;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A lost session is replaced, and a log that is no longer the same is noticed. */
@Timeout(120)
class ReconnectTest {
    private final Counts counts = new Counts();

    private static String emit(int i) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + i + "\"}')";
    }

    private static List<String> upTo(int last) {
        return IntStream.rangeClosed(1, last).mapToObj(Integer::toString).toList();
    }

    @Test
    void shouldReadOnFromItsPositionWhenItsSessionIsEnded() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log);
                Connection writer = db.connect()) {
            for (int i = 1; i <= 200; i++) {
                Db.execute(writer, emit(i));
                if (i % 40 == 0) {
                    db.cutTailers();
                }
            }
            tail.awaitEvents(200);
            assertEquals(upTo(200), tail.values());
            assertTrue(counts.lost.get() >= 1);
            assertEquals(List.of(), tail.changes());
            await().until(() -> log.status().following());
        }
    }

    /** A bug once: the page was read and the head moved, and then the session died over something else. */
    @Test
    void shouldTellEveryPageWhenItsSessionDiesOverWhatComesBesides() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        AtomicLong clock = new AtomicLong();
        AtomicInteger asked = new AtomicInteger();
        TailConnection plain = () -> db.source.getConnection();
        TailSessions dying = () -> TailSession.open(plain, connection -> new TailSession(connection) {
            @Override
            boolean othersFollow() throws SQLException {
                if (asked.incrementAndGet() % 2 == 0) {
                    throw new SQLException("died", "08006");
                }
                return super.othersFollow();
            }
        });
        // every look at the clock finds that it is time to ask whether others follow, and to write the mark
        try (PgEventLog log = db.log()
                        .sessions(dying)
                        .nanos(() -> clock.addAndGet(TimeUnit.SECONDS.toNanos(2)))
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log)) {
            for (int i = 1; i <= 20; i++) {
                db.execute(emit(i));
                tail.awaitEvents(i);
            }
            assertEquals(upTo(20), tail.values());
            assertTrue(counts.lost.get() > 0);
        }
    }

    @Test
    void shouldTellSubscribersWhatWasDeletedBeforeItWasRead() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        AtomicBoolean away = new AtomicBoolean();
        TailSessions real = db.sessions(() -> {}, () -> {});
        TailSessions tailed = () -> {
            if (away.get()) {
                throw new SQLException("away", "08001");
            }
            return real.open();
        };
        try (PgEventLog log = db.log().sessions(tailed).listener(counts).build();
                EventHub hub = EventHub.builder(log).build();
                Cursor cursor = hub.open(Selection.of(Filter.topic("t")), StartFrom.now())) {
            List<String> told = new ArrayList<>();
            await().until(() -> take(cursor, told).contains("live"));
            db.execute(emit(1));
            await().until(() -> take(cursor, told).contains("1"));

            away.set(true);
            await().until(() -> {
                db.cutTailers();
                return counts.lost.get() > 0;
            });
            db.execute(emit(2));
            db.execute("UPDATE everafter.retained SET oldest = (SELECT max(id) * 256 + 255 FROM everafter.commit_log)");
            db.execute("DELETE FROM everafter.event");
            db.execute("DELETE FROM everafter.commit_log");
            db.execute(emit(3));
            away.set(false);

            await().until(() -> take(cursor, told).contains("3"));
            assertEquals(List.of("live", "1", "behind", "missing", "live", "3"), told);
        }
    }

    private static List<String> take(Cursor cursor, List<String> told) {
        Poll poll = cursor.poll(10, 1 << 20);
        if (poll instanceof Poll.Events events) {
            events.batch()
                    .events()
                    .forEach(event -> told.add(
                            event.data().orElseThrow().parse().asJsonObject().getString("v")));
        } else if (poll instanceof Poll.Missing) {
            told.add("missing");
        } else if (poll instanceof Poll.CaughtUp) {
            told.add("live");
        } else if (poll instanceof Poll.FellBehind) {
            told.add("behind");
        }
        return told;
    }

    @Test
    void shouldSayWhatIsWrongAndGoOnTryingWhileTheServerIsAway() throws Exception {
        try (PostgresFixture server = PostgresFixture.builder().build()) {
            Db db = Db.installed(server);
            try (PgEventLog log = db.log().listener(counts).build();
                    Tail tail = Tail.started(log)) {
                db.execute(emit(1));
                tail.awaitEvents(1);
                server.stop();
                await().until(() -> counts.lost.get() >= 3);
                assertFalse(log.status().following());
                assertTrue(log.status().problem().orElseThrow().contains("no session"), log.status()::toString);
                server.start();
                db.execute(emit(2));
                tail.awaitEvents(2);
                assertEquals(upTo(2), tail.values());
                assertEquals(List.of(), tail.changes());
            }
        }
    }

    @Test
    void shouldEndAtOnceWhenClosedWhileTheServerIsAway() throws Exception {
        PostgresFixture server = PostgresFixture.builder().build();
        Db db = Db.installed(server);
        server.close();
        try (PgEventLog log = db.log().listener(counts).build()) {
            Tail tail = Tail.of(log);
            await().until(() -> counts.lost.get() >= 1);
            tail.close();
        }
    }

    @Test
    void shouldSayHowToInstallWhenTheLogIsNotThere() throws Exception {
        Db db = Db.empty(PostgresFixture.shared());
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.of(log)) {
            await().until(() -> counts.lost.get() >= 1);
            assertTrue(log.status().problem().orElseThrow().contains("LogSchema.install()"), log.status()::toString);
            LogSchema.of(db.source).install();
            tail.awaitHead(0);
            await().until(() -> log.status().following());
        }
    }

    @Test
    void shouldEndAtOnceWhenClosedWhileItSleeps() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        try (PgEventLog log = db.log().listener(counts).build()) {
            Tail tail = Tail.started(log);
            await().until(() -> counts.armed.get() > 0);
            long before = System.nanoTime();
            tail.close();
            assertTrue(System.nanoTime() - before < TimeUnit.SECONDS.toNanos(8));
            await().until(() -> db.number("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = "
                            + Keys.CLASS + " AND database = (SELECT oid FROM pg_database"
                            + " WHERE datname = current_database())")
                    == 0);
        }
    }

    @Test
    void shouldBeginANewEpochAtACertainForkWhenAnOlderStateIsRestored() throws Exception {
        try (PostgresFixture server = PostgresFixture.builder().build()) {
            Db db = Db.installed(server);
            try (PgEventLog log = db.log().listener(counts).build();
                    Tail tail = Tail.started(log)) {
                for (int i = 1; i <= 5; i++) {
                    db.execute(emit(i));
                }
                tail.awaitEvents(5);
                awaitMark(db, tail.head());
                String first = tail.first().epoch();
                long kept = tail.head();
                server.stop();
                Path copy = server.copyData();
                server.start();
                for (int i = 6; i <= 9; i++) {
                    db.execute(emit(i));
                }
                tail.awaitEvents(9);
                long lost = tail.head();

                server.stop();
                server.restoreData(copy);
                server.start();

                tail.awaitChange();
                assertEquals(kept, tail.changes().get(0).fork());
                String second = tail.changes().get(0).epoch();
                db.execute(emit(60));
                tail.awaitEvents(10);
                Event again = tail.events().get(9);
                assertTrue(again.id() > kept && again.id() <= lost + 256 * 40, again::toString);
                assertEquals(
                        new Start.Rewound(new Gap(Gap.Reason.REWOUND, kept, lost, new Position(second, kept))),
                        log.resolve(StartFrom.after(new Position(first, lost))));
                assertInstanceOf(Start.At.class, log.resolve(StartFrom.after(new Position(first, kept))));
            }
        }
    }

    @Test
    void shouldNoticeARestoreWhileNobodyFollowedByItsMark() throws Exception {
        // a cold start knows only what the database says: a copy on another server (here: another database)
        Db db = Db.installed(PostgresFixture.shared());
        long marked;
        String first;
        try (PgEventLog log = db.log().build();
                Tail tail = Tail.started(log)) {
            for (int i = 1; i <= 3; i++) {
                db.execute(emit(i));
            }
            tail.awaitEvents(3);
            marked = tail.head();
            first = tail.first().epoch();
            awaitMark(db, marked);
        }
        db.execute(emit(4), "UPDATE everafter.epoch SET system_identifier = 1");
        try (PgEventLog log = db.log().build();
                Tail tail = Tail.started(log)) {
            assertTrue(!tail.first().epoch().equals(first));
            assertEquals(db.number("SELECT everafter.head()"), tail.first().head());
            assertEquals(
                    new Start.Rewound(new Gap(
                            Gap.Reason.REWOUND,
                            marked,
                            marked + 256,
                            new Position(tail.first().epoch(), marked))),
                    log.resolve(StartFrom.after(new Position(first, marked + 256))));
            assertInstanceOf(Start.At.class, log.resolve(StartFrom.after(new Position(first, marked))));
        }
    }

    private static void awaitMark(Db db, long head) {
        await().until(() -> db.number("SELECT max(proven) FROM everafter.epoch") == head);
    }

    @Test
    void shouldRefuseReadsUntilTheHistoryOfARestartedServerIsChecked() throws Exception {
        try (PostgresFixture server = PostgresFixture.builder().build()) {
            Db db = Db.installed(server);
            AtomicBoolean keptAway = new AtomicBoolean();
            TailSessions sessions = db.sessions(() -> {}, () -> {});
            PgEventLog.Builder builder = db.log().listener(counts).sessions(() -> {
                if (keptAway.get()) {
                    throw new SQLException("kept away");
                }
                return sessions.open();
            });
            try (PgEventLog log = builder.build();
                    Tail tail = Tail.started(log)) {
                db.execute(emit(1));
                tail.awaitEvents(1);
                keptAway.set(true);
                server.restart();
                await().until(() -> counts.lost.get() > 0);
                String problem = String.valueOf(
                        assertThrows(EventLogException.class, () -> log.read(0, tail.head(), Filter.all(), LIMITS))
                                .getMessage());
                assertTrue(problem.contains("started anew"), problem);
                keptAway.set(false);
                await().until(() -> log.status().following());
                assertEquals(
                        1,
                        log.read(0, tail.head(), Filter.all(), LIMITS).events().size());
            }
        }
    }

    private static final ReadLimits LIMITS = new ReadLimits(100, 1 << 20);

    @Test
    void shouldFollowWithTwoServersAndLetTheSecondLeadWhenTheFirstIsGone() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        Counts others = new Counts();
        try (PgEventLog one = db.log().listener(counts).build();
                PgEventLog two = db.log().listener(others).build();
                Tail first = Tail.started(one);
                Tail second = Tail.started(two)) {
            assertEquals(1, counts.leading.get());
            assertEquals(0, others.leading.get());
            write(db, 1, 100);
            first.awaitEvents(100);
            second.awaitEvents(100);
            first.close();
            await().until(() -> others.leading.get() == 1);
            await().until(() -> others.armed.get() > 0);
            write(db, 101, 120);
            second.awaitEvents(120);
            assertEquals(upTo(120), second.values());
        }
    }

    private static void write(Db db, int from, int to) throws SQLException {
        try (Connection writer = db.connect()) {
            for (int i = from; i <= to; i++) {
                Db.execute(writer, emit(i));
            }
        }
    }
}
