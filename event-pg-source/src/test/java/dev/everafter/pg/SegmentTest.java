package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** How transactions, whatever they do, fall into segments; and that what their sessions are set to changes nothing. */
class SegmentTest extends Captured {
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
            for (String operator : List.of(
                    "=", "<>", ">", "<", ">=", "<=", "-", "+", "*", "&", "|", "||", ">>", "<<", "->", "->>", "?", "@>",
                    "~*")) {
                execute("CREATE OPERATOR evil." + operator + " (FUNCTION = evil.eq, LEFTARG = pg_catalog." + type
                        + ", RIGHTARG = pg_catalog." + type + ")");
            }
        }
        execute(
                "CREATE TABLE r (id int PRIMARY KEY, v text, k int)",
                "CREATE TABLE c (a int, b int, PRIMARY KEY (a, b))");
        schema.capture(
                "r", CaptureOptions.builder().form(CaptureOptions.Form.ROW).build());
        schema.capture("c");
        CaptureOptions options = CaptureOptions.builder()
                .form(CaptureOptions.Form.ROW)
                .old(CaptureOptions.Old.CHANGED)
                .unchanged(false)
                .without("k")
                .limit(1024)
                .build();
        for (String table : List.of("o", "u")) {
            execute("CREATE TABLE " + table + " (id int PRIMARY KEY, v text, k int, j json, at timestamptz)");
        }
        schema.capture("o", options);
        schema.capture(
                "u",
                CaptureOptions.builder()
                        .form(CaptureOptions.Form.STATEMENT)
                        .old(CaptureOptions.Old.CHANGED)
                        .columns("v")
                        .build());
        execute("SET search_path = evil, pg_catalog");
        for (String table : List.of("public.t", "public.r", "public.o", "public.u")) {
            execute(
                    "BEGIN",
                    "INSERT INTO " + table + " VALUES (1, 'a', 1), (2, 'b', 2)",
                    "UPDATE " + table + " SET v = 'c'",
                    "DELETE FROM " + table,
                    "TRUNCATE " + table,
                    "COMMIT");
        }
        execute(
                "INSERT INTO public.o (id, j) VALUES (3, '\"\\u0000\"')",
                "UPDATE public.o SET v = pg_catalog.repeat('x', 5000)");
        execute(
                "INSERT INTO public.c VALUES (1, 2)",
                "SELECT everafter.emit('a', 'b', '1'::pg_catalog.jsonb)",
                "SELECT everafter.emit_all('[{\"topic\":\"a\",\"type\":\"z\",\"key\":null}]')");
        execute("RESET search_path");
        assertEquals("i1 i2 u1 u2 d1 d2 t.".repeat(4) + "i3.u3.i12.b.z.", shapes());
    }

    @Test
    void shouldNotMakeSerializableWritersFail() throws Exception {
        ExecutorService writers = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> failures = new ArrayList<>();
            for (int w = 0; w < 4; w++) {
                int writer = w;
                failures.add(writers.submit(() -> serializable(writer * 1000, 150)));
            }
            int failed = 0;
            for (Future<Integer> one : failures) {
                failed += one.get();
            }
            assertTrue(failed <= 6, failed + " of 600 failed");
        } finally {
            writers.shutdownNow();
        }
    }

    private int serializable(int first, int count) throws SQLException {
        int failed = 0;
        try (Connection own = db.connect()) {
            own.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            own.setAutoCommit(false);
            for (int id = first; id < first + count; id++) {
                try {
                    Db.execute(own, "SELECT everafter.emit('a', 'b', '1')", insert(id));
                    own.commit();
                } catch (SQLException e) {
                    own.rollback();
                    failed++;
                }
            }
        }
        return failed;
    }
}
