package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a captured table's changes look like in the log, and how transactions fall into segments. */
@Timeout(60)
class CaptureTest {
    private final Db db = Db.installed(PostgresFixture.shared());
    private final LogSchema schema = LogSchema.of(db.source);
    private PgEventLog log;
    private Connection connection;
    private long seen;

    @BeforeEach
    void open() throws SQLException {
        log = db.log().build();
        connection = db.connect();
        execute("CREATE TABLE t (id int PRIMARY KEY, v text, w numeric)");
        schema.capture("t");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
        log.close();
    }

    private void execute(String... statements) throws SQLException {
        Db.execute(connection, statements);
    }

    /** The events since the last call. */
    private List<Event> events() throws SQLException {
        long head = db.number("SELECT everafter.head()");
        List<Event> events = log.read(seen, head, Filter.all(), new ReadLimits(10_000, 1 << 26))
                .events();
        seen = head;
        assertEquals(
                0,
                db.number("SELECT count(*) FROM everafter.event e WHERE NOT EXISTS"
                        + " (SELECT FROM everafter.commit_log c WHERE c.seg = e.seg AND c.part = (e.n - 1) >> 8)"),
                "events without a place");
        return events;
    }

    /** As {@code type key}, with a full stop after each segment's last. */
    private String shapes() throws SQLException {
        StringBuilder shapes = new StringBuilder();
        for (Event event : events()) {
            String key = event.key().map(RawJson::toString).orElse("").replaceAll("[^0-9]", "");
            shapes.append(event.type().charAt(0)).append(key).append(event.last() ? "." : " ");
        }
        return shapes.toString();
    }

    private static String insert(int id) {
        return "INSERT INTO t VALUES (" + id + ", 'v" + id + "', " + id + ")";
    }

    @ParameterizedTest
    @ValueSource(strings = {"statement", "row"})
    void shouldTellBothImagesWhenARowChanges(String form) throws Exception {
        schema.capture("t", RawJson.of("{\"form\":\"" + form + "\"}"));
        execute(
                "INSERT INTO t VALUES (1, 'a', 1.5), (2, null, null)",
                "UPDATE t SET v = 'b', w = null WHERE id = 1",
                "UPDATE t SET id = 3 WHERE id = 2",
                "UPDATE t SET v = v",
                "DELETE FROM t WHERE id = 3",
                "TRUNCATE t");
        assertEquals(
                List.of(
                        "public.t insert {\"id\": 1} {\"v\": \"a\", \"w\": 1.5, \"id\": 1} -",
                        "public.t insert {\"id\": 2} {\"v\": null, \"w\": null, \"id\": 2} -",
                        "public.t update {\"id\": 1} {\"v\": \"b\", \"w\": null, \"id\": 1} {\"v\": \"a\", \"w\": 1.5}",
                        "public.t update {\"id\": 3} {\"v\": null, \"w\": null, \"id\": 3} {\"id\": 2}",
                        "public.t update {\"id\": 1} {\"v\": \"b\", \"w\": null, \"id\": 1} {}",
                        "public.t update {\"id\": 3} {\"v\": null, \"w\": null, \"id\": 3} {}",
                        "public.t delete {\"id\": 3} - {\"v\": null, \"w\": null, \"id\": 3}",
                        "public.t truncate - - -"),
                events().stream()
                        .map(e -> e.topic() + " " + e.type() + " " + text(e.key()) + " " + text(e.data()) + " "
                                + text(e.old()))
                        .toList());
    }

    private static String text(Optional<RawJson> json) {
        return json.map(RawJson::toString).orElse("-");
    }

    @ParameterizedTest
    @ValueSource(strings = {"statement", "row"})
    void shouldNameTheWholeKeyWhenItIsCompositeOrRenamed(String form) throws Exception {
        execute("CREATE TABLE \"Odd\" (b int, \"A\" text, n int, PRIMARY KEY (\"A\", b))");
        schema.capture("\"Odd\"", RawJson.of("{\"form\":\"" + form + "\"}"));
        schema.capture("t", RawJson.of("{\"form\":\"" + form + "\"}"));
        execute(
                "INSERT INTO \"Odd\" VALUES (1, 'x', 2)",
                "ALTER TABLE \"Odd\" RENAME b TO c",
                "UPDATE \"Odd\" SET n = 3",
                "ALTER TABLE t RENAME id TO a",
                "INSERT INTO t (a) VALUES (7)");
        assertEquals(
                List.of(
                        "public.Odd {\"A\": \"x\", \"b\": 1}",
                        "public.Odd {\"A\": \"x\", \"c\": 1}",
                        "public.t {\"a\": 7}"),
                events().stream().map(e -> e.topic() + " " + text(e.key())).toList());
    }

    @Test
    void shouldKeepATransactionTogether() throws Exception {
        execute("BEGIN", insert(1), insert(2), "SELECT everafter.emit('e', 'said', '1')", "COMMIT", insert(3));
        assertEquals("i1 i2 s.i3.", shapes());
    }

    @Test
    void shouldFollowSavepoints() throws Exception {
        execute("BEGIN", "SAVEPOINT a", insert(1), "ROLLBACK TO a", insert(2), "COMMIT");
        assertEquals("i2.", shapes());
        execute("BEGIN", insert(3), "SAVEPOINT a", insert(4), "ROLLBACK TO a", insert(5), "COMMIT");
        assertEquals("i3 i5.", shapes());
        execute("BEGIN", "SAVEPOINT a", insert(6), "RELEASE a", insert(7), "COMMIT");
        assertEquals("i6 i7.", shapes());
        execute("BEGIN", insert(8), "ROLLBACK");
        assertEquals("", shapes());
        execute("DO $$BEGIN " + insert(9) + "; BEGIN " + insert(10)
                + "; RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; " + insert(11) + "; END$$");
        assertEquals("i9 i11.", shapes());
    }

    @Test
    void shouldBeginANewSegmentWhenConstraintsAreMadeImmediate() throws Exception {
        execute("BEGIN", insert(1), "SET CONSTRAINTS ALL IMMEDIATE", insert(2), insert(3), "COMMIT");
        assertEquals("i1.i2.i3.", shapes());
        execute(
                "BEGIN",
                insert(4),
                "SAVEPOINT a",
                "SET CONSTRAINTS ALL IMMEDIATE",
                insert(5),
                "ROLLBACK TO a",
                insert(6),
                "COMMIT");
        assertEquals("i4 i6.", shapes());
        execute(
                "BEGIN",
                "SET CONSTRAINTS ALL IMMEDIATE",
                "INSERT INTO t VALUES (7), (8)",
                "SET CONSTRAINTS ALL DEFERRED",
                insert(9),
                insert(10),
                "COMMIT");
        assertEquals("i7 i8.i9 i10.", shapes());
        execute(
                "BEGIN", "SET CONSTRAINTS ALL IMMEDIATE",
                "INSERT INTO t SELECT g FROM generate_series(1000, 1599) g", "COMMIT");
        assertEquals(
                600, events().stream().filter(e -> e.type().equals("insert")).count());
    }

    @Test
    void shouldMarkOnlyTheLastWhenATransactionHasMoreThanOnePart() throws Exception {
        for (int size : List.of(255, 256, 257, 512, 1300)) {
            execute("TRUNCATE t");
            events();
            execute("INSERT INTO t SELECT g FROM generate_series(1, " + size + ") g");
            List<Event> events = events();
            assertEquals(size, events.size());
            List<Long> last = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                Event event = events.get(i);
                assertEquals("{\"id\": " + (i + 1) + "}", text(event.key()));
                assertEquals(i % 256, event.id() & 255);
                if (event.last()) {
                    last.add(event.id());
                }
            }
            assertEquals(List.of(events.get(size - 1).id()), last);
        }
    }

    @Test
    void shouldLetTheTransactionGoOnToChangeTheTable() throws Exception {
        execute(
                "BEGIN",
                insert(1),
                "UPDATE t SET v = 'z'",
                "ALTER TABLE t ADD COLUMN more int",
                "CREATE INDEX ON t (more)",
                "TRUNCATE t",
                insert(2),
                "COMMIT");
        assertEquals("i1 u1 t i2.", shapes());
    }

    @Test
    void shouldCaptureWhatForeignKeysAndConflictsDo() throws Exception {
        execute("CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES t ON DELETE CASCADE)");
        schema.capture("child");
        execute(insert(1), "INSERT INTO child VALUES (21, 1), (22, 1)", "DELETE FROM t WHERE id = 1");
        assertEquals("i1.i21 i22.d1 d21 d22.", shapes());
        execute(
                insert(5),
                "INSERT INTO t VALUES (5), (6) ON CONFLICT (id) DO UPDATE SET v = 'u'",
                "UPDATE t SET v = 'x' WHERE false",
                "INSERT INTO t VALUES (5) ON CONFLICT DO NOTHING");
        assertEquals("i5.u5 i6.", shapes());
        execute("MERGE INTO t USING (VALUES (5), (7)) s (id) ON t.id = s.id WHEN MATCHED THEN DELETE"
                + " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)");
        assertEquals("d5 i7.", shapes());
    }

    @Test
    void shouldMissNoRowOfAPartitionedTable() throws Exception {
        execute(
                "CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)");
        schema.capture("p");
        execute(
                "INSERT INTO p VALUES (1), (11)",
                "INSERT INTO p1 VALUES (2)",
                "UPDATE p SET id = 12 WHERE id = 2",
                "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30)",
                "INSERT INTO p3 VALUES (21)",
                "TRUNCATE p");
        assertEquals("i1 i11.i2.d2 i12.i21.t.", shapes());
    }

    @Test
    void shouldKeepTheOrderWhenATriggerOfTheTableChangesTheRowAgain() throws Exception {
        execute(
                "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                        + " IF NEW.w IS NULL THEN UPDATE t SET w = 1 WHERE id = NEW.id; END IF; RETURN NULL; END$$",
                "CREATE TRIGGER again AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION again()");
        schema.capture("t");
        execute("INSERT INTO t VALUES (1)");
        assertEquals("i1 u1.", shapes());
    }

    @Test
    void shouldCaptureWhateverRoleAndSettingsTheWriterHas() throws Exception {
        String role = "lowly_" + db.number("SELECT oid FROM pg_database WHERE datname = current_database()");
        execute("CREATE ROLE " + role, "GRANT ALL ON t TO " + role);
        execute("BEGIN", "SET LOCAL ROLE " + role, insert(1), "COMMIT");
        execute("BEGIN", "SET LOCAL ROLE " + role, insert(2), "RESET ROLE", "COMMIT");
        execute("BEGIN", "SET LOCAL session_replication_role = replica", insert(3), "COMMIT");
        execute("BEGIN", insert(4), "RESET ALL", insert(5), "COMMIT");
        execute(
                "SET everafter.seg = '5'",
                insert(6),
                "SELECT set_config('everafter.seg', pg_current_xact_id()::text || ':7:1', false)",
                insert(7),
                insert(8));
        execute("RESET everafter.seg");
        // RESET ALL forgets the open segment: another begins, in order
        assertEquals("i1.i2.i3.i4.i5.i6.i7.i8.", shapes());
    }

    @Test
    void shouldCaptureWhatProceduresAndDeferredTriggersWrite() throws Exception {
        execute(
                "CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$BEGIN " + insert(1) + "; COMMIT; " + insert(2)
                        + "; COMMIT; END$$",
                "CALL twice()");
        assertEquals("i1.i2.", shapes());
        execute(
                "CREATE TABLE d (id int PRIMARY KEY)",
                "CREATE FUNCTION dd() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " + insert(3)
                        + "; RETURN NULL; END$$",
                "CREATE CONSTRAINT TRIGGER dd AFTER INSERT ON d DEFERRABLE INITIALLY DEFERRED"
                        + " FOR EACH ROW EXECUTE FUNCTION dd()",
                "INSERT INTO d VALUES (1)");
        assertEquals("i3.", shapes());
        execute("BEGIN", insert(4), "INSERT INTO d VALUES (2)", "DELETE FROM t WHERE id = 3", insert(5), "COMMIT");
        assertEquals("i4 d3 i5.i3.", shapes());
    }

    @Test
    void shouldNotLetAWritersSearchPathIn() throws Exception {
        execute(
                "CREATE SCHEMA evil",
                "CREATE DOMAIN evil.text AS pg_catalog.int4",
                "CREATE DOMAIN evil.jsonb AS pg_catalog.int4");
        for (String type : List.of("int8", "int4", "jsonb", "text", "bool")) {
            String pair = "(pg_catalog." + type + ", pg_catalog." + type + ")";
            execute("CREATE FUNCTION evil.eq" + pair + " RETURNS pg_catalog.bool LANGUAGE plpgsql AS"
                    + " $$BEGIN RAISE EXCEPTION 'HIJACKED'; END$$");
            for (String operator : List.of("=", "<>", ">", "-", "+", "&", "->", "~*")) {
                execute("CREATE OPERATOR evil." + operator + " (FUNCTION = evil.eq, LEFTARG = pg_catalog." + type
                        + ", RIGHTARG = pg_catalog." + type + ")");
            }
        }
        execute(
                "CREATE TABLE r (id int PRIMARY KEY, v text, k int)",
                "CREATE TABLE c (a int, b int, PRIMARY KEY (a, b))");
        schema.capture("r", RawJson.of("{\"form\":\"row\"}"));
        schema.capture("c");
        execute("SET search_path = evil, pg_catalog");
        for (String table : List.of("public.t", "public.r")) {
            execute(
                    "BEGIN",
                    "INSERT INTO " + table + " VALUES (1, 'a', 1), (2, 'b', 2)",
                    "UPDATE " + table + " SET v = 'c'",
                    "DELETE FROM " + table,
                    "TRUNCATE " + table,
                    "COMMIT");
        }
        execute("INSERT INTO public.c VALUES (1, 2)", "SELECT everafter.emit('a', 'b', '1'::pg_catalog.jsonb)");
        execute("RESET search_path");
        assertEquals("i1 i2 u1 u2 d1 d2 t.i1 i2 u1 u2 d1 d2 t.i12.b.", shapes());
    }

    @Test
    void shouldNotMistakeAColumnForTheRow() throws Exception {
        execute("CREATE TABLE names (a int, b int, n int, seg int, key int, data int, image int, i int, x int,"
                + " PRIMARY KEY (a))");
        schema.capture("names");
        execute("INSERT INTO names (a, n) VALUES (1, 2)", "UPDATE names SET seg = 3", "DELETE FROM names");
        assertEquals("i1.u1.d1.", shapes());
    }

    @Test
    void shouldEndCaptureAndRenewIt() throws Exception {
        schema.capture("t");
        execute(insert(1));
        assertEquals("i1.", shapes());
        schema.uncapture("t");
        schema.uncapture("t");
        execute(insert(2));
        assertEquals("", shapes());
        schema.capture("t", RawJson.of("{\"form\":\"row\"}"));
        schema.capture("t");
        execute(insert(3));
        assertEquals("i3.", shapes());
    }
}
