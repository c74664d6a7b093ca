package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a captured table's changes look like in the log. */
class CaptureTest extends Captured {
    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldTellBothImagesWhenARowChanges(CaptureOptions.Form form) throws Exception {
        schema.capture("t", CaptureOptions.builder().form(form).build());
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
                        "public.t update {\"id\": 1} {\"v\": \"b\", \"w\": null, \"id\": 1} {\"v\": \"a\", \"w\": 1.5, \"id\": 1}",
                        "public.t update {\"id\": 3} {\"v\": null, \"w\": null, \"id\": 3} {\"v\": null, \"w\": null, \"id\": 2}",
                        "public.t update {\"id\": 1} {\"v\": \"b\", \"w\": null, \"id\": 1} {\"v\": \"b\", \"w\": null, \"id\": 1}",
                        "public.t update {\"id\": 3} {\"v\": null, \"w\": null, \"id\": 3} {\"v\": null, \"w\": null, \"id\": 3}",
                        "public.t delete {\"id\": 3} - {\"v\": null, \"w\": null, \"id\": 3}",
                        "public.t truncate - - -"),
                events().stream()
                        .map(e -> e.topic() + " " + e.type() + " " + text(e.key()) + " " + text(e.data()) + " "
                                + text(e.old()))
                        .toList());
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldNameTheWholeKeyWhenItIsCompositeOrRenamed(CaptureOptions.Form form) throws Exception {
        execute("CREATE TABLE \"Odd\" (b int, \"A\" text, n int, PRIMARY KEY (\"A\", b))");
        schema.capture("\"Odd\"", CaptureOptions.builder().form(form).build());
        schema.capture("t", CaptureOptions.builder().form(form).build());
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

    /** What was joined beyond work_mem came out in another order, and the parts took their places in that. */
    @Test
    void shouldKeepTheOrderWhenAnUpdateIsLargerThanWorkMem() throws Exception {
        schema.capture(
                "t",
                CaptureOptions.builder().form(CaptureOptions.Form.STATEMENT).build());
        execute(
                "SET work_mem = '64kB'",
                insert(0),
                "UPDATE t SET v = 'planned for one row'",
                "INSERT INTO t SELECT i, repeat('v', 200), 0 FROM generate_series(1, 3000) i",
                "BEGIN; UPDATE t SET w = 1; UPDATE t SET w = 2; COMMIT");
        assertEquals(1 + 1 + 3_000 + 2 * 3_001, events().size());
        assertEquals(
                0,
                db.number("SELECT count(*) FROM (SELECT part, lag(part) OVER (PARTITION BY seg ORDER BY id) AS before"
                        + " FROM everafter.commit_log) p WHERE part < before"));
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
    }

    @Test
    void shouldCaptureWhatMergeDoes() throws Exception {
        assumeTrue(
                db.number("SELECT current_setting('server_version_num')") >= 150000, "PostgreSQL has MERGE from 15 on");
        execute(insert(5));
        assertEquals("i5.", shapes());
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

    /** "01_again" sorts before "0_everafter_insert", as capture's triggers were called. */
    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldKeepTheOrderWhenATriggerNamedByANumberChangesTheRowAgain(CaptureOptions.Form form) throws Exception {
        execute(
                "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                        + " UPDATE t SET w = 1 WHERE w IS NULL; RETURN NULL; END$$",
                "CREATE TRIGGER \"01_again\" AFTER INSERT ON t FOR EACH " + form + " EXECUTE FUNCTION again()");
        schema.capture("t", CaptureOptions.builder().form(form).build());
        execute("INSERT INTO t VALUES (1)");
        assertEquals("i1 u1.", shapes());
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
        schema.capture(
                "t", CaptureOptions.builder().form(CaptureOptions.Form.ROW).build());
        schema.capture("t");
        execute(insert(3));
        assertEquals("i3.", shapes());
    }

    /** The child's trigger changes the parent while the cascade that fired it is still under way. */
    @Test
    void shouldKeepTheOrderWhenACascadeFiresATriggerThatComesBack() throws Exception {
        db.execute(
                "CREATE TABLE par (id int PRIMARY KEY, cnt int DEFAULT 0)",
                "CREATE TABLE chi (id int PRIMARY KEY, pid int REFERENCES par ON UPDATE CASCADE)",
                "CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN"
                        + " UPDATE par SET cnt = cnt + 1 WHERE id = NEW.pid; RETURN NEW; END$$",
                "CREATE TRIGGER b BEFORE INSERT OR UPDATE ON chi FOR EACH ROW EXECUTE FUNCTION bump()",
                "INSERT INTO par VALUES (1)",
                "INSERT INTO chi VALUES (1, 1)");
        schema.capture("par");
        db.execute("UPDATE par SET id = 2 WHERE id = 1");

        assertEquals(
                db.number("SELECT cnt FROM par"),
                db.number("SELECT (data ->> 'cnt')::int FROM everafter.event WHERE topic = 'public.par'"
                        + " ORDER BY seg, n DESC LIMIT 1"));
    }

    /** PostgreSQL keeps the plan that it made for one row: nested loops over 40,000 rows would take hours. */
    @Test
    void shouldUpdateManyRowsAfterThePlanWasMadeForOne() throws Exception {
        execute("INSERT INTO t SELECT g FROM generate_series(1, 40000) g");
        for (int id = 1; id <= 20; id++) {
            execute("UPDATE t SET v = 'one' WHERE id = " + id);
        }
        events();
        execute("SET statement_timeout = '60s'", "UPDATE t SET v = 'all'", "RESET statement_timeout");
        assertEquals(40000, db.number("SELECT count(*) FROM everafter.event WHERE data ->> 'v' = 'all'"));
        assertEquals(
                0,
                db.number(
                        "SELECT count(*) FROM everafter.event WHERE type = 'update' AND data -> 'id' <> old -> 'id'"));
    }
}
