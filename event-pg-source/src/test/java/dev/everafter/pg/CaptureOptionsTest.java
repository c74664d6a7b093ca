package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventLogException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What each option does, in both forms where both have it; and that nothing else is taken. */
class CaptureOptionsTest extends Captured {
    private void capture(CaptureOptions.Builder options) {
        schema.capture("t", options.build());
    }

    private List<String> images() throws Exception {
        return events().stream()
                .map(e -> text(e.key()) + " " + text(e.data()) + " " + text(e.old()))
                .toList();
    }

    private static CaptureOptions.Builder in(CaptureOptions.Form form) {
        return CaptureOptions.builder().form(form);
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldKeepTheGivenColumnsAndThoseOfTheKey(CaptureOptions.Form form) throws Exception {
        capture(in(form).columns("v"));
        execute("ALTER TABLE t ADD later int DEFAULT 5", insert(1), "UPDATE t SET w = 9", "DELETE FROM t");
        String row = "{\"v\": \"v1\", \"id\": 1}";
        assertEquals(
                List.of("{\"id\": 1} " + row + " -", "{\"id\": 1} " + row + " " + row, "{\"id\": 1} - " + row),
                images());
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldLeaveTheGivenColumnsOut(CaptureOptions.Form form) throws Exception {
        capture(in(form).without("v", "w"));
        execute("ALTER TABLE t ADD later int DEFAULT 5", insert(1), "UPDATE t SET w = 9", "DELETE FROM t");
        String row = "{\"id\": 1, \"later\": 5}";
        assertEquals(
                List.of("{\"id\": 1} " + row + " -", "{\"id\": 1} " + row + " " + row, "{\"id\": 1} - " + row),
                images());
    }

    @Test
    void shouldNotEvenConvertWhatIsLeftOut() throws Exception {
        execute(
                "CREATE TYPE odd AS ENUM ('a')",
                "CREATE FUNCTION convert(odd) RETURNS json LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$",
                "CREATE CAST (odd AS json) WITH FUNCTION convert(odd)",
                "ALTER TABLE t ADD o odd");
        capture(CaptureOptions.builder().without("o"));
        execute("INSERT INTO t (id, o) VALUES (1, 'a')");
        assertEquals(List.of("{\"id\": 1} {\"v\": null, \"w\": null, \"id\": 1} -"), images());
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldKeepOfTheOldRowWhatIsAskedFor(CaptureOptions.Form form) throws Exception {
        Map<CaptureOptions.Old, String> kept = Map.of(
                CaptureOptions.Old.FULL, "{\"v\": \"v1\", \"w\": 1, \"id\": 1}",
                CaptureOptions.Old.CHANGED, "{\"v\": \"v1\"}",
                CaptureOptions.Old.NONE, "-");
        for (CaptureOptions.Old old : CaptureOptions.Old.values()) {
            capture(in(form).old(old));
            execute(insert(1), "UPDATE t SET v = 'b', w = 1.0", "DELETE FROM t");
            assertEquals(
                    List.of(
                            "{\"id\": 1} {\"v\": \"v1\", \"w\": 1, \"id\": 1} -",
                            "{\"id\": 1} {\"v\": \"b\", \"w\": 1.0, \"id\": 1} " + kept.get(old),
                            "{\"id\": 1} - {\"v\": \"b\", \"w\": 1.0, \"id\": 1}"),
                    images());
        }
    }

    @Test
    void shouldPassUpdatesThatChangeNothingKept() throws Exception {
        capture(CaptureOptions.builder().unchanged(false).without("w"));
        execute(
                insert(1),
                "UPDATE t SET v = v",
                "UPDATE t SET w = 5",
                "UPDATE t SET v = null",
                "UPDATE t SET v = null");
        assertEquals("i1.u1.", shapes());
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldTakeTheKeyThatIsGiven(CaptureOptions.Form form) throws Exception {
        execute("CREATE TABLE k (a int, b int, c int, PRIMARY KEY (a), CONSTRAINT \"Un ique\" UNIQUE (c, b))");
        schema.capture("k", in(form).index("Un ique").build());
        execute("INSERT INTO k VALUES (1, 2, 3)");
        assertEquals(List.of("{\"b\": 2, \"c\": 3} {\"a\": 1, \"b\": 2, \"c\": 3} -"), images());
        schema.capture("k", in(form).key("b").build());
        execute("UPDATE k SET c = 4");
        assertEquals(List.of("{\"b\": 2} {\"a\": 1, \"b\": 2, \"c\": 4} {\"a\": 1, \"b\": 2, \"c\": 3}"), images());
        execute("CREATE TABLE keyless (a int)");
        schema.capture("keyless", in(form).key("a").build());
        execute("INSERT INTO keyless VALUES (7)");
        assertEquals("i7.", shapes());
    }

    @Test
    void shouldLimitTheOperationsThatHaveTheRowsOfACondition() throws Exception {
        capture(CaptureOptions.builder().when("new.w > 10"));
        execute(insert(5), insert(11), "UPDATE t SET w = w + 5", "DELETE FROM t");
        assertEquals("i11.u11.d5 d11.", shapes());
        capture(CaptureOptions.builder().when("old.v IS DISTINCT FROM new.v -- not a comment"));
        execute(insert(1), "UPDATE t SET w = 7", "UPDATE t SET v = 'z'", "DELETE FROM t", "TRUNCATE t");
        assertEquals("i1.u1.d1.t.", shapes());
    }

    @Test
    void shouldNameTheTopic() throws Exception {
        capture(CaptureOptions.builder().topic("it's \\ a 'topic' \u00fc"));
        execute(insert(1));
        assertEquals("it's \\ a 'topic' \u00fc", events().get(0).topic());
        assertEquals(List.of("it's \\ a 'topic' \u00fc"), db.texts("SELECT topic FROM everafter.captured"));
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldMarkWhatIsLeftOutForItsSize(CaptureOptions.Form form) throws Exception {
        capture(in(form).limit(2000));
        execute(
                "INSERT INTO t VALUES (1, repeat('x', 5000), 1)",
                "UPDATE t SET v = 'short'",
                "UPDATE t SET v = repeat('y', 1900)",
                "DELETE FROM t");
        String cut = "{\"v\": {\"everafter:omitted\": 5012}, \"w\": 1, \"id\": 1}";
        List<String> images = images();
        assertEquals("{\"id\": 1} " + cut + " -", images.get(0));
        assertEquals("{\"id\": 1} {\"v\": \"short\", \"w\": 1, \"id\": 1} " + cut, images.get(1));
        assertTrue(images.get(2).contains("yyyy") && images.get(3).contains("yyyy"), images::toString);
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldMarkWhatIsAboveAMebibyteWhenNothingIsSaid(CaptureOptions.Form form) throws Exception {
        capture(in(form));
        execute(
                "INSERT INTO t SELECT 1, repeat('x', 1048577)",
                "UPDATE t SET v = repeat('y', 1000000)",
                "DELETE FROM t");
        List<String> images = images();
        String cut = "{\"v\": {\"everafter:omitted\": 1048589}, \"w\": null, \"id\": 1}";
        assertEquals("{\"id\": 1} " + cut + " -", images.get(0));
        assertTrue(images.get(1).endsWith(cut), images.get(1).substring(0, 50));
        assertTrue(images.get(2).length() > 1_000_000);
    }

    @Test
    void shouldStayReadableHoweverManyLargeValuesARowHas() throws Exception {
        execute("CREATE TABLE wide (id int PRIMARY KEY, a text, b text)");
        schema.capture("wide", CaptureOptions.builder().limit(33_554_432).build());
        execute("INSERT INTO wide SELECT 1, x, x FROM repeat('x', 17000000) x");
        assertEquals(1, events().size());
    }

    @Test
    void shouldShowHowTablesAreCaptured() throws Exception {
        capture(CaptureOptions.builder()
                .form(CaptureOptions.Form.ROW)
                .old(CaptureOptions.Old.NONE)
                .without("v"));
        assertEquals(
                List.of(
                        "(t,public.t,row,{id},none,\"{\"\"old\"\": \"\"none\"\", \"\"form\"\": \"\"row\"\", \"\"without\"\": [\"\"v\"\"]}\",\"{v,w}\")"),
                db.texts("SELECT c::text FROM everafter.captured c"));
        schema.capture("t");
        assertEquals(
                List.of("(t,public.t,statement,{id},full,{},{})"),
                db.texts("SELECT c::text FROM everafter.captured c"));
    }

    /** Filters and policies on them would be answered wrongly (docs/adr/0058). */
    @Test
    void shouldShowTheColumnsOfWhichAnImageLacks() throws Exception {
        for (List<String> expected : List.of(
                List.of("{}", "{}"),
                List.of("{\"old\": \"changed\"}", "{}"),
                List.of("{\"old\": \"none\"}", "{v,w}"),
                List.of("{\"without\": [\"v\"]}", "{v}"),
                List.of("{\"columns\": [\"v\"]}", "{w}"))) {
            execute("SELECT everafter.capture('t', '" + expected.get(0) + "')");
            assertEquals(
                    List.of(expected.get(1)), db.texts("SELECT unfiltered FROM everafter.captured"), expected.get(0));
        }
    }

    static Stream<List<String>> refused() {
        return Stream.of(
                List.of("{\"frm\": 1, \"olt\": 2}", "unknown option frm; unknown option olt", "Options are form"),
                List.of("[]", "must be a JSON object"),
                List.of("{\"form\": \"rows\"}", "form can't be \"rows\"", "\"row\", \"statement\""),
                List.of("{\"old\": true}", "old can't be true", "\"full\", \"changed\", \"none\""),
                List.of("{\"unchanged\": \"no\"}", "unchanged can't be \"no\""),
                List.of("{\"limit\": 1023}", "limit can't be 1023", "1024 to 33554432"),
                List.of("{\"limit\": 1e9}", "limit can't be"),
                List.of("{\"limit\": \"2000\"}", "limit can't be"),
                List.of("{\"topic\": \"\"}", "topic can't be"),
                List.of("{\"columns\": [\"v\", \"x\"]}", "columns can't be [\"v\", \"x\"]"),
                List.of("{\"columns\": []}", "columns can't be"),
                List.of("{\"without\": \"v\"}", "without can't be \"v\""),
                List.of("{\"without\": [\"id\"]}", "the key needs it"),
                List.of("{\"without\": [\"v\"], \"columns\": [\"v\"]}", "exclude each other"),
                List.of("{\"key\": [\"v\"], \"index\": \"t_pkey\"}", "exclude each other"),
                List.of("{\"key\": [null]}", "key can't be [null]"),
                List.of("{\"index\": \"absent\"}", "no unique index absent"),
                List.of("{\"index\": \"t_partial\"}", "no unique index t_partial"),
                List.of("{\"when\": \"new.x > 1\"}", "column new.x does not exist"),
                List.of("{\"when\": \"true\", \"form\": \"statement\"}", "its condition is about one row"),
                List.of("{\"unchanged\": false, \"form\": \"statement\"}", "row by row"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void shouldRefuseByNameWhatItDoesNotKnow(List<String> options) throws Exception {
        execute("CREATE UNIQUE INDEX t_partial ON t (v) WHERE w > 1");
        schema.uncapture("t");
        String message = String.valueOf(assertThrows(
                        Exception.class, () -> db.execute("SELECT everafter.capture('t', $$" + options.get(0) + "$$)"))
                .getMessage());
        for (String word : options.subList(1, options.size())) {
            assertTrue(message.contains(word), message);
        }
        assertEquals(0, db.number("SELECT count(*) FROM everafter.captured"));
    }

    @Test
    void shouldRefuseStatementTriggersWhereTheyWouldMissRows() throws Exception {
        execute(
                "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)");
        CaptureOptions statement = in(CaptureOptions.Form.STATEMENT).build();
        for (List<String> refused : List.of(List.of("p", "partitioned"), List.of("p1", "inherits"))) {
            String message = String.valueOf(
                    assertThrows(EventLogException.class, () -> schema.capture(refused.get(0), statement))
                            .getMessage());
            assertTrue(message.contains(refused.get(1)), message);
        }
    }
}
