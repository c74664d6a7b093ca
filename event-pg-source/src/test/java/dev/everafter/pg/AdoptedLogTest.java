package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Attribute;
import dev.everafter.core.Event;
import dev.everafter.core.EventLogException;
import dev.everafter.core.Filter;
import dev.everafter.core.FilterText;
import dev.everafter.core.Position;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Value;
import dev.everafter.testkit.PostgresFixture;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An adopted table's events, and what becomes of them while the table is altered. */
@Timeout(120)
class AdoptedLogTest {
    private static final ReadLimits LIMITS = new ReadLimits(1000, 4 << 20);

    private final Counts counts = new Counts();
    private final Adopted adopted = Adopted.on(PostgresFixture.shared());

    AdoptedLogTest() throws SQLException {}

    private static String text(Event event) {
        return event.data().orElseThrow().toString();
    }

    private List<Event> read(AdoptedLog log, long after, long upTo, Filter filter) {
        return log.read(after, upTo, filter, LIMITS).events();
    }

    // the event

    @Test
    void shouldHaveAllColumnsAndItsTimeInUtcWhateverTheSessions() throws Exception {
        adopted.db.execute("DROP TABLE logs");
        adopted.create(
                "CREATE TABLE logs (id bigserial PRIMARY KEY, at timestamp, z timestamptz, i interval, b bytea)");
        for (String role : List.of(Adopted.READER, Adopted.COUNTER)) {
            adopted.db.execute(
                    "ALTER ROLE " + role + " SET IntervalStyle = 'sql_standard'",
                    "ALTER ROLE " + role + " SET bytea_output = 'escape'");
        }
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            adopted.db.execute("INSERT INTO logs VALUES (7, '2026-01-02 03:04:05.123456', '2026-01-02 03:04:05+05',"
                    + " '1 day 2 hours', '\\x00ff'), (8, 'infinity', null, null, null)");
            tail.awaitEvents(2);
            Event event = tail.events().get(0);
            assertEquals(
                    "{\"id\":7,\"at\":\"2026-01-02T03:04:05.123456Z\",\"topic\":\"public.logs\",\"type\":\"insert\","
                            + "\"key\":{\"id\": 7},\"data\":{\"b\": \"\\\\x00ff\", \"i\": \"P1DT2H\", \"z\": \"2026-01-01T22:04:05+00:00\","
                            + " \"at\": \"2026-01-02T03:04:05.123456\", \"id\": 7},\"last\":true}",
                    event.toString());
            assertEquals(Instant.EPOCH, tail.events().get(1).at());
            assertEquals(tail.events(), read(log, 0, tail.head(), Filter.all()));
        }
    }

    @Test
    void shouldTakeItsIdAndTimeFromWhereItIsTold() throws Exception {
        adopted.db.execute(
                "CREATE SCHEMA \"My Shop\"",
                "CREATE TABLE \"My Shop\".\"O'rder\" (code text PRIMARY KEY, \"N%o\" int GENERATED ALWAYS AS IDENTITY UNIQUE,"
                        + " day date, t text)",
                "GRANT USAGE ON SCHEMA \"My Shop\" TO " + Adopted.COUNTER,
                "GRANT SELECT ON \"My Shop\".\"O'rder\" TO " + Adopted.COUNTER);
        try (AdoptedLog log = AdoptedLog.builder("\"My Shop\".\"O'rder\"")
                        .idColumn("N%o")
                        .timeColumn("day")
                        .dataSource(adopted.source())
                        .tailer(() -> adopted.source().getConnection())
                        .build();
                Tail tail = Tail.started(log)) {
            adopted.db.execute("INSERT INTO \"My Shop\".\"O'rder\" (code, day, t) VALUES ('a', '2026-02-03', 'x')");
            tail.awaitEvents(1);
            Event event = tail.events().get(0);
            assertEquals("My Shop.O'rder", event.topic());
            assertEquals("{\"N%o\": 1}", event.key().orElseThrow().toString());
            assertEquals(Instant.parse("2026-02-03T00:00:00Z"), event.at());
            assertTrue(text(event).contains("\"t\": \"x\""), event::toString);
            assertEquals(tail.events(), read(log, 0, 1, Filter.topic("My Shop.O'rder")));
        }
    }

    @Test
    void shouldReadWhatMatchesAndNothingElse() throws Exception {
        for (int i = 1; i <= 30; i++) {
            adopted.insert("v" + i % 3);
        }
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            List<Event> all = read(log, 0, tail.head(), Filter.all());
            assertEquals(30, all.size());
            Filter v1 = Filter.eq(Attribute.data("v"), Value.of("v1"));
            assertEquals(
                    all.stream().filter(event -> text(event).contains("v1")).toList(), read(log, 0, 30, v1));
            assertEquals(all.subList(20, 25), read(log, 0, 25, FilterText.parse("id > 20")));
            assertEquals(all.subList(4, 5), read(log, 0, 30, FilterText.parse("key.id = 5 and type = 'insert'")));
            assertEquals(List.of(), read(log, 0, 30, Filter.topic("public.other")));
            assertEquals(30, log.read(0, 30, Filter.none(), LIMITS).scannedTo());
        }
    }

    @Test
    void shouldStartBelowAllRowsOfATimeOrLater() throws Exception {
        adopted.db.execute("INSERT INTO logs (v, at) SELECT g, timestamp '2026-01-01' + interval '1 hour' * g"
                + " FROM generate_series(1, 1000) g");
        try (AdoptedLog log = adopted.log().build()) {
            Instant wanted = Instant.parse("2026-01-26T00:00:00Z");
            long start =
                    ((Start.At) log.resolve(StartFrom.time(wanted))).position().id();
            assertTrue(start >= 598 && start < 600, "starts after " + start);
        }
        try (AdoptedLog log = AdoptedLog.builder("logs")
                .dataSource(adopted.source())
                .tailer(() -> adopted.source().getConnection())
                .build()) {
            assertEquals(log.resolve(StartFrom.beginning()), log.resolve(StartFrom.time(Instant.now())));
        }
    }

    @Test
    void shouldWakeForTheChannelOfTheTablesWriters() throws Exception {
        try (AdoptedLog log = adopted.log()
                        .channel("Lo\"gs")
                        .pollInterval(Duration.ofHours(1))
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log)) {
            for (int i = 1; counts.rung.get() == 0; i++) {
                adopted.db.execute("BEGIN; " + Adopted.insertSql("" + i) + "; NOTIFY \"Lo\"\"gs\", '1'; COMMIT");
                tail.awaitEvents(i);
            }
        }
    }

    // what is refused

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            CREATE TABLE logs (a int, b int)                                          | no primary key of one column
            CREATE TABLE logs (id text PRIMARY KEY)                                   | is of type text
            CREATE TABLE logs (id bigint PRIMARY KEY)                                 | from no sequence
            CREATE VIEW logs AS SELECT 1 AS id                                        | it is no table
            CREATE TABLE logs (id int GENERATED ALWAYS AS IDENTITY (INCREMENT -1) PRIMARY KEY) | descends
            CREATE TABLE logs (id bigserial PRIMARY KEY)                              | has no column at
            CREATE TABLE logs (id bigserial PRIMARY KEY, at text)                     | must be a timestamp or a date
            CREATE TABLE other (id bigserial PRIMARY KEY)                             | there is no table public.logs
            """)
    void shouldRefuseWhatItCantFollowWithTheReason(String sql, String reason) throws Exception {
        adopted.db.execute("DROP TABLE logs", sql);
        adopted.db.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + Adopted.COUNTER);
        try (AdoptedLog log = adopted.log().build()) {
            String message = String.valueOf(
                    assertThrows(EventLogException.class, log::range).getMessage());
            assertTrue(message.contains(reason), message);
            Tail tail = Tail.of(log);
            await().until(() -> log.status().problem().orElse("").contains(reason));
            tail.close();
        }
    }

    // what is altered

    @Test
    void shouldGoOnWhenColumnsComeAndGo() throws Exception {
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            for (int i = 1; i <= 10; i++) {
                adopted.insert("old");
                tail.awaitEvents(i);
            }
            adopted.db.execute("ALTER TABLE logs ADD COLUMN extra int DEFAULT 5");
            adopted.insert("new");
            tail.awaitEvents(11);
            assertTrue(text(tail.events().get(10)).contains("\"extra\": 5"));
            assertEquals(11, read(log, 0, 11, Filter.all()).size());
            adopted.db.execute("ALTER TABLE logs DROP COLUMN topic");
            adopted.insert("newer");
            tail.awaitEvents(12);
            assertFalse(text(tail.events().get(11)).contains("topic"));
            assertEquals(12, read(log, 0, 12, Filter.all()).size());
            assertEquals(List.of(), tail.changes());
        }
    }

    @Test
    void shouldSayThatTheTableIsGoneAndGoOnWhenItIsBack() throws Exception {
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            adopted.insert("1");
            tail.awaitEvents(1);
            adopted.db.execute("ALTER TABLE logs RENAME TO away");
            await().until(() -> log.status().problem().orElse("").contains("there is no table public.logs"));
            adopted.db.execute("ALTER TABLE away RENAME TO logs");
            adopted.insert("2");
            tail.awaitEvents(2);
            assertEquals(List.of("1", "2"), tail.values());
            assertEquals(List.of(), tail.changes());
        }
    }

    /** As a rotation does it: nothing that is read by name fails. */
    @Test
    void shouldBeginAnotherHistoryWhenAnotherTableTakesTheName() throws Exception {
        try (AdoptedLog log = adopted.log().build();
                Tail tail = Tail.started(log)) {
            adopted.insert("1", "2", "3");
            tail.awaitEvents(3);
            String before = log.range().epoch();
            adopted.create("BEGIN; ALTER TABLE logs RENAME TO logs_old; ALTER SEQUENCE logs_id_seq RENAME TO old_seq;"
                    + " ALTER INDEX logs_pkey RENAME TO old_pkey; " + Adopted.TABLE + "; COMMIT");
            tail.awaitChange();
            adopted.insert("new");
            tail.awaitEvents(4);
            assertEquals(0, tail.changes().get(0).fork());
            await().until(() -> log.status().following());
            assertEquals(tail.changes().get(0).epoch(), log.range().epoch());
            assertNotEquals(before, log.range().epoch());
            assertInstanceOf(Start.Rewound.class, log.resolve(StartFrom.after(new Position(before, 2))));
        }
    }
}
