package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of capture when the table becomes another: no error for its users, and the status says what to do. */
class CapturedTableChangesTest extends Captured {
    private List<String> findings() throws SQLException {
        return db.texts("SELECT format('%s: %s', \"table\", finding) FROM everafter.capture_status()");
    }

    private void assertFinding(String words) throws SQLException {
        List<String> findings = findings();
        assertEquals(1, findings.size(), findings::toString);
        assertTrue(findings.get(0).contains(words), findings::toString);
    }

    /** What there is to do is done by capturing again. */
    private void assertMended() throws SQLException {
        schema.capture("t");
        assertEquals(List.of(), findings());
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldFollowColumnsThatComeAndGoAndChange(CaptureOptions.Form form) throws Exception {
        schema.capture("t", CaptureOptions.builder().form(form).build());
        execute(
                insert(1),
                "ALTER TABLE t ADD c text DEFAULT 'new'",
                "UPDATE t SET v = 'a'",
                "ALTER TABLE t DROP v",
                "UPDATE t SET c = 'b'",
                "ALTER TABLE t RENAME c TO d",
                "UPDATE t SET d = 'c'",
                "ALTER TABLE t ALTER w TYPE text",
                "UPDATE t SET d = 'e'",
                "DELETE FROM t");
        assertEquals(
                List.of(
                        "{\"v\": \"v1\", \"w\": 1, \"id\": 1} -",
                        "{\"c\": \"new\", \"v\": \"a\", \"w\": 1, \"id\": 1} {\"c\": \"new\", \"v\": \"v1\", \"w\": 1, \"id\": 1}",
                        "{\"c\": \"b\", \"w\": 1, \"id\": 1} {\"c\": \"new\", \"w\": 1, \"id\": 1}",
                        "{\"d\": \"c\", \"w\": 1, \"id\": 1} {\"d\": \"b\", \"w\": 1, \"id\": 1}",
                        "{\"d\": \"e\", \"w\": \"1\", \"id\": 1} {\"d\": \"c\", \"w\": \"1\", \"id\": 1}",
                        "- {\"d\": \"e\", \"w\": \"1\", \"id\": 1}"),
                events().stream().map(e -> text(e.data()) + " " + text(e.old())).toList());
        assertEquals(List.of(), findings());
    }

    @Test
    void shouldAskToBeCapturedAgainForAColumnThatTellsTimesOfTheSession() throws Exception {
        execute("ALTER TABLE t ADD at timestamptz");
        assertFinding("session's time zone");
        assertMended();
        execute("ALTER TABLE t ADD j json");
        assertTrue(findings().get(0).contains("its columns, their types or owners are others"), findings()::toString);
    }

    @Test
    void shouldKeepItsTopicWhenItIsRenamedOrMoved() throws Exception {
        execute("CREATE SCHEMA s", "ALTER TABLE t RENAME TO u", "ALTER TABLE u SET SCHEMA s");
        execute("INSERT INTO s.u VALUES (1)");
        assertEquals("public.t", events().get(0).topic());
        assertFinding("s.u: it was renamed, and its topic was not; captured again it would be s.u");
        schema.capture("s.u", CaptureOptions.builder().topic("public.t").build());
        assertEquals(List.of(), findings());
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldGoOnWhenTheKeyChanges(CaptureOptions.Form form) throws Exception {
        schema.capture("t", CaptureOptions.builder().form(form).build());
        execute(
                "ALTER TABLE t RENAME id TO a",
                "INSERT INTO t VALUES (1, 'x', 5)",
                "ALTER TABLE t DROP a, ADD PRIMARY KEY (v, w)",
                "UPDATE t SET w = 6");
        assertFinding("its key was {id} and would be {v,w} now");
        execute("ALTER TABLE t DROP CONSTRAINT t_pkey", "UPDATE t SET w = 7");
        assertFinding("has no primary key");
        assertEquals(
                List.of("{\"a\": 1}", "{\"v\": \"x\", \"w\": 6}", "-"),
                events().stream().map(e -> text(e.key())).toList());
    }

    @Test
    void shouldSayWhatMakesEventsGoMissing() throws Exception {
        execute("ALTER TABLE t DISABLE TRIGGER \"!everafter_update\"");
        assertFinding("disabled");
        assertMended();
        execute("DROP TRIGGER \"!everafter_truncate\" ON t");
        assertFinding("triggers are missing");
        assertMended();
        execute("CREATE TABLE child () INHERITS (t)");
        assertFinding("it inherits");
        assertMended();
        execute(
                "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "DROP TABLE child");
        schema.capture("t");
        execute("CREATE TRIGGER n AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION nothing()");
        assertFinding("a row trigger may change a row again");
        assertMended();
        execute("DROP TABLE t");
        assertEquals(List.of(), findings());
        assertEquals(0, db.number("SELECT count(*) FROM everafter.captured"));
    }

    @Test
    void shouldCopyNothingOfCaptureIntoATableThatIsLikeIt() throws Exception {
        execute(
                "CREATE TABLE copy (LIKE t INCLUDING ALL)",
                "INSERT INTO copy VALUES (1)",
                "DROP TABLE copy",
                insert(2));
        assertEquals("i2.", shapes());
    }

    @Test
    void shouldAttachAndDetachPartitions() throws Exception {
        execute(
                "CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE p1 (id int PRIMARY KEY, v text)",
                "CREATE TABLE p2 (id int PRIMARY KEY, v text)");
        schema.capture("p");
        schema.capture(
                "p1", CaptureOptions.builder().form(CaptureOptions.Form.ROW).build());
        execute(
                "ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (0) TO (10)",
                "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20)",
                "INSERT INTO p VALUES (1), (11)",
                "INSERT INTO p2 VALUES (12)",
                "ALTER TABLE p DETACH PARTITION p1",
                "ALTER TABLE p DETACH PARTITION p2",
                "INSERT INTO p1 VALUES (2)",
                "INSERT INTO p2 VALUES (13)");
        // what is captured by itself goes on under its own topic, what was captured with its parent ends with it
        assertEquals(
                List.of(
                        "public.p {\"id\": 11}",
                        "public.p {\"id\": 12}",
                        "public.p {\"id\": 1}",
                        "public.p1 {\"id\": 1}",
                        "public.p1 {\"id\": 2}"),
                events().stream()
                        .map(e -> e.topic() + " " + text(e.key()))
                        .sorted()
                        .toList());
        assertEquals(
                List.of("p", "p1", "t"), db.texts("SELECT \"table\" FROM everafter.captured ORDER BY \"table\"::text"));
    }

    @Test
    void shouldLeaveNothingWhenCaptureEnds() throws Exception {
        String everything =
                "SELECT format('%s %s %s', c.relname, (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_depend))"
                        + " || (SELECT count(*) FROM pg_proc) || ' ' || (SELECT count(*) FROM pg_class) || ' ' || c.relacl::text"
                        + " FROM pg_class c WHERE c.relname IN ('p', 'p1', 'p2', 'q')";
        execute(
                "CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
                "CREATE TABLE q (id int PRIMARY KEY, j json)");
        List<String> before = db.texts(everything);
        for (CaptureOptions options : List.of(
                CaptureOptions.defaults(),
                CaptureOptions.builder().form(CaptureOptions.Form.ROW).build(),
                CaptureOptions.builder()
                        .when("new.id > 1")
                        .without("j")
                        .topic("x")
                        .build())) {
            schema.capture("q", options);
        }
        schema.capture("p");
        schema.uncapture("p");
        schema.uncapture("q");
        schema.uncapture("q");
        assertEquals(before, db.texts(everything));
    }

    @Test
    void shouldBeRestoredFromADump(@TempDir Path folder) throws Exception {
        assumeTrue(Files.exists(db.server.bin().resolve("pg_restore")), "only the machine's own programs have it");
        schema.capture(
                "t",
                CaptureOptions.builder()
                        .topic("it's \\ t")
                        .old(CaptureOptions.Old.NONE)
                        .build());
        execute("CREATE TABLE r (id int PRIMARY KEY, at timestamptz)", insert(1));
        schema.capture(
                "r", CaptureOptions.builder().form(CaptureOptions.Form.ROW).build());
        List<String> captured = db.texts("SELECT c::text FROM everafter.captured c ORDER BY 1");
        File dump = folder.resolve("dump").toFile();
        run("pg_dump", "-Fc", "-f", dump.getPath(), "-d", db.url.replaceAll("^jdbc:", ""));

        Db restored = Db.empty(db.server);
        run("pg_restore", "--exit-on-error", "-d", restored.url.replaceAll("^jdbc:", ""), dump.getPath());
        assertEquals(captured, restored.texts("SELECT c::text FROM everafter.captured c ORDER BY 1"));
        assertEquals(List.of(), restored.texts("SELECT finding FROM everafter.capture_status()"));
        restored.execute(insert(2), "INSERT INTO r VALUES (1)");
        assertEquals(3, restored.number("SELECT count(*) FROM everafter.event"));

        // the data alone, into the tables that are captured: those rows are events like any other
        db.execute("TRUNCATE t, r");
        run(
                "pg_restore",
                "--exit-on-error",
                "--data-only",
                "-t",
                "t",
                "-d",
                db.url.replaceAll("^jdbc:", ""),
                dump.getPath());
        assertEquals("i1.t t.i1.", shapes());
    }

    private void run(String program, String... arguments) throws Exception {
        ProcessBuilder process =
                new ProcessBuilder(db.server.bin().resolve(program).toString());
        process.command().addAll(List.of(arguments));
        File output = File.createTempFile("everafter", ".log");
        int code =
                process.redirectErrorStream(true).redirectOutput(output).start().waitFor();
        String said = Files.readString(output.toPath());
        Files.delete(output.toPath());
        assertEquals(0, code, said);
    }
}
