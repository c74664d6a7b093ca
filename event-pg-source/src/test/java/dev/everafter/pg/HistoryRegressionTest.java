package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Defects of histories and starts that were found by attack, each seen to fail before it was mended. */
@Timeout(120)
class HistoryRegressionTest {
    private final Counts counts = new Counts();

    private static String emit(int i) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + i + "\"}')";
    }

    private static void back(Db db, long commit, boolean counter) throws SQLException {
        db.execute(
                "DELETE FROM everafter.event e USING everafter.commit_log c WHERE e.seg = c.seg AND c.id > " + commit,
                "DELETE FROM everafter.commit_log WHERE id > " + commit);
        if (counter) {
            db.execute("SELECT setval('everafter.commit_log_id_seq', " + commit + ")");
        }
    }

    /** subscribe(now), then look at the table: what neither shows must come. */
    @Test
    void shouldStartNowBelowWhatIsStillCommitting() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        db.execute("CREATE TABLE o (id int PRIMARY KEY)");
        LogSchema.of(db.source).capture("o");
        try (PgEventLog log = db.log().listener(counts).build();
                Tail tail = Tail.started(log);
                Connection committing = db.connect();
                Connection other = db.connect()) {
            committing.setAutoCommit(false);
            Db.execute(committing, "INSERT INTO o VALUES (1)", "SET CONSTRAINTS ALL IMMEDIATE"); // in its commit phase
            Db.execute(other, "INSERT INTO o VALUES (2)");
            long from = ((Start.At) log.resolve(StartFrom.now())).position().id();
            assertEquals(1, db.number("SELECT count(*) FROM o")); // the snapshot: row 1 is not in it
            committing.commit();
            tail.awaitEvents(2);
            List<Event> events = log.read(from, tail.head(), Filter.all(), new ReadLimits(1000, 1 << 20))
                    .events();
            assertTrue(
                    events.stream()
                            .anyMatch(e -> e.key().orElseThrow().toString().contains("1")),
                    "row 1 is neither in the snapshot nor after now=" + from + ": " + tail.events());
        }
    }

    /** A disk image put back, noticed by the rows only: another program has passed the old mark since. */
    @Test
    void shouldForkWhereTheEpochBeganWhenNothingRememberedIsShared() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        AtomicBoolean away = new AtomicBoolean();
        TailSessions real = db.sessions(() -> {}, () -> {});
        try (PgEventLog log = db.log()
                        .sessions(() -> {
                            if (away.get()) {
                                throw new SQLException("away", "08006");
                            }
                            return real.open();
                        })
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log)) {
            for (int i = 1; i <= 200; i++) {
                db.execute(emit(i));
            }
            tail.awaitEvents(200);
            await().until(() -> db.number("SELECT proven FROM everafter.epoch") == 200 * 256 + 255);
            away.set(true);
            db.cutTailers();
            back(db, 20, true);
            db.execute("UPDATE everafter.epoch SET proven = " + (20 * 256 + 255));
            try (PgEventLog log2 = db.log().build();
                    Tail tail2 = Tail.started(log2)) {
                for (int i = 21; i <= 300; i++) {
                    db.execute(emit(i * 1000));
                }
                tail2.awaitEvents(280);
                await().until(() -> db.number("SELECT proven FROM everafter.epoch") == 300 * 256 + 255);
            }
            away.set(false);
            tail.awaitChange();
            assertTrue(
                    tail.changes().get(0).fork() <= 20 * 256 + 255,
                    "both share up to commit 20, but the fork is at "
                            + tail.changes().get(0).fork() / 256);
        }
    }

    /** A failover right after the start: the head that was told was not marked yet. */
    @Test
    void shouldMarkTheHeadBeforeItIsTold() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        for (int i = 1; i <= 10; i++) {
            db.execute(emit(i));
        }
        try (PgEventLog log = db.log().listener(counts).nanos(() -> 0).build();
                Tail tail = Tail.started(log)) {
            assertEquals(10 * 256 + 255, tail.first().head());
            // the promoted copy lacks the last 5 commits; its counter is ahead, as after any crash
            boolean marked = db.number("SELECT proven FROM everafter.epoch") >= 10 * 256 + 255;
            back(db, 5, false);
            db.execute("UPDATE everafter.epoch SET timeline = '0000000F', proven = 0");
            db.cutTailers();
            tail.awaitChange();
            assertTrue(
                    tail.changes().get(0).fork() <= 5 * 256 + 255,
                    "commits 6..10 are gone, but the fork is at "
                            + tail.changes().get(0).fork() / 256 + ", marked: " + marked);
        }
    }

    /** Image put back while only a part of a commit had been told. */
    @Test
    void shouldNoticeARewindInTheMiddleOfACommit() throws Exception {
        Db db = Db.installed(PostgresFixture.shared());
        AtomicBoolean away = new AtomicBoolean();
        TailConnection plain = () -> db.source.getConnection();
        AtomicBoolean armed = new AtomicBoolean(true);
        // the second page fails, so that 1,000 of 1,100 events are told
        TailSessions dying = () -> {
            if (away.get()) {
                throw new SQLException("away", "08006");
            }
            return TailSession.open(plain, c -> new TailSession(c) {
                @Override
                EventPage events(long after, long upTo, ReadLimits limits) throws SQLException {
                    if (armed.get() && after >= 1255) {
                        away.set(true);
                        throw new SQLException("died", "08006");
                    }
                    return super.events(after, upTo, limits);
                }
            });
        };
        try (PgEventLog log = db.log().sessions(dying).listener(counts).build();
                Tail tail = Tail.started(log);
                Connection writer = db.connect()) {
            writer.setAutoCommit(false);
            for (int i = 1; i <= 1100; i++) {
                Db.execute(writer, emit(i));
            }
            writer.commit();
            tail.awaitEvents(1000);
            await().until(away::get);
            long told = tail.head();
            long commit = told >> 8; // partly told
            back(db, commit - 1, true);
            for (int i = 1; i <= 200; i++) {
                Db.execute(writer, emit(i + 5000));
            }
            writer.commit(); // takes the same commit id
            armed.set(false);
            away.set(false);
            tail.awaitHead(commit * 256 + 255);
            assertEquals(
                    1,
                    tail.changes().size(),
                    "ids in (" + commit * 256 + ", " + told + "] were told, are others now,"
                            + " and nobody noticed; next: "
                            + tail.values().subList(1000, tail.values().size()));
        }
    }
}
