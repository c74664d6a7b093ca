package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.everafter.core.Event;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;

/** The JSON forms of docs/capture.md: what a value becomes, whatever its session is set to, and that it becomes it again. */
class CaptureTypesTest extends Captured {
    /** A session that is set to anything; pgjdbc itself insists on seeing DateStyle as it was. */
    private static String inAnOddSession(String statement) {
        return "DO $$BEGIN SET LOCAL TimeZone = 'Asia/Kolkata'; SET LOCAL DateStyle = 'SQL, DMY';"
                + " SET LOCAL IntervalStyle = 'sql_standard'; SET LOCAL bytea_output = 'escape';"
                + " SET LOCAL extra_float_digits = -15; " + statement + "; SET LOCAL DateStyle = 'ISO, MDY'; END$$";
    }

    static Stream<Arguments> forms() {
        return Stream.of(
                Arguments.of("numeric", "'NaN'", "\"NaN\""),
                Arguments.of("numeric", "1.500", "1.500"),
                Arguments.of("numeric", "1e-40", "0." + "0".repeat(39) + "1"),
                Arguments.of("float8", "'-Infinity'", "\"-Infinity\""),
                Arguments.of("float8", "0.1::float8 + 0.2", "0.30000000000000004"),
                Arguments.of("real", "1.1", "1.1"),
                Arguments.of("bigint", "9223372036854775807", "9223372036854775807"),
                Arguments.of("timestamptz", "'2026-07-01 12:00:00.5+02'", "\"2026-07-01T10:00:00.5+00:00\""),
                Arguments.of("timestamptz", "'infinity'", "\"infinity\""),
                Arguments.of("timestamp", "'2026-07-01 12:00'", "\"2026-07-01T12:00:00\""),
                Arguments.of("date", "'2026-07-01'", "\"2026-07-01\""),
                Arguments.of("date", "'-infinity'", "\"-infinity\""),
                Arguments.of("date", "'0044-03-15 BC'", "\"0044-03-15 BC\""),
                Arguments.of("time", "'24:00'", "\"24:00:00\""),
                Arguments.of("timetz", "'10:00+02'", "\"10:00:00+02\""),
                Arguments.of("interval", "'1 mon -2 days 03:04:05.6'", "\"P1M-2DT3H4M5.6S\""),
                Arguments.of("bytea", "'\\x00ff41'", "\"\\\\x00ff41\""),
                Arguments.of("int[]", "'{1,NULL,3}'", "[1, null, 3]"),
                Arguments.of("text[]", "'{{a,b},{c,\"d,e\"}}'", "[[\"a\", \"b\"], [\"c\", \"d,e\"]]"),
                Arguments.of("timestamptz[]", "'{2026-07-01 12:00+02}'", "[\"2026-07-01T10:00:00+00:00\"]"),
                Arguments.of("int4range", "'[1,5]'", "\"[1,6)\""),
                Arguments.of("tstzrange", "'[2026-07-01 12:00+02,)'", "\"[\\\"2026-07-01 10:00:00+00\\\",)\""),
                Arguments.of("daterange", "'[2026-01-02,2026-02-01)'", "\"[2026-01-02,2026-02-01)\""),
                Arguments.of("mood", "'ok'", "\"ok\""),
                Arguments.of("positive", "5", "5"),
                Arguments.of("moment", "'2026-07-01 12:00+02'", "\"2026-07-01T10:00:00+00:00\""),
                Arguments.of("pair", "(1, '2026-07-01 12:00+02')", "{\"a\": 1, \"b\": \"2026-07-01T10:00:00+00:00\"}"),
                Arguments.of("pair[]", "ARRAY[(1, null)::pair]", "[{\"a\": 1, \"b\": null}]"),
                Arguments.of("jsonb", "'{\"a\": [1.0, null]}'", "{\"a\": [1.0, null]}"),
                Arguments.of("json", "'{ \"a\":1, \"a\":2 }'", "{\"a\": 2}"),
                Arguments.of("money", "'1234.5'", "\"$1,234.50\""),
                Arguments.of("bit(4)", "'1010'", "\"1010\""),
                Arguments.of("point", "'(1,0.1)'", "\"(1,0.1)\""),
                Arguments.of("inet", "'10.0.0.1/8'", "\"10.0.0.1/8\""),
                Arguments.of(
                        "uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\""),
                Arguments.of("xml", "'<a/>'", "\"<a/>\""),
                Arguments.of("boolean", "true", "true"),
                Arguments.of("char(3)", "'a'", "\"a  \""));
    }

    private void types() throws SQLException {
        execute(
                "CREATE TYPE mood AS ENUM ('bad', 'ok')",
                "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
                "CREATE DOMAIN moment AS timestamptz",
                "CREATE TYPE pair AS (a int, b timestamptz)");
    }

    @Test
    void shouldTellEachValueTheSameWayWhateverTheSessionAndGiveItBack() throws Exception {
        types();
        List<String> expected = new ArrayList<>();
        List<String> found = new ArrayList<>();
        for (Arguments form : forms().toList()) {
            String type = String.valueOf(form.get()[0]);
            execute("DROP TABLE IF EXISTS typed", "CREATE TABLE typed (id int PRIMARY KEY, v " + type + ")");
            for (CaptureOptions.Form by : CaptureOptions.Form.values()) {
                schema.capture("typed", CaptureOptions.builder().form(by).build());
                execute("TRUNCATE typed");
                execute(inAnOddSession("INSERT INTO typed VALUES (1, " + form.get()[1] + ")"));
                List<Event> events = events();
                String data = text(events.get(events.size() - 1).data());
                expected.add(type + " {\"v\": " + form.get()[2] + ", \"id\": 1}");
                found.add(type + " " + data);
                String same = type.matches("json|xml|point") ? "t.v::text = r.v::text" : "t.v = r.v";
                // a json value is the same JSON, not the same text
                same = type.equals("json") ? "t.v::jsonb = r.v::jsonb" : same;
                assertEquals(
                        1,
                        db.number("SELECT count(*) FROM typed t, jsonb_populate_record(NULL::typed, '"
                                + data.replace("'", "''") + "') r WHERE " + same),
                        type + " " + data);
            }
        }
        assertEquals(expected, found);
    }

    @Test
    void shouldTellMultirangesAndGeneratedColumnsAndHstore() throws Exception {
        assumeTrue(db.number("SELECT current_setting('server_version_num')") >= 140000);
        execute("CREATE TABLE g (id int PRIMARY KEY, m int4multirange, twice int GENERATED ALWAYS AS (id * 2) STORED)");
        schema.capture("g");
        execute("INSERT INTO g VALUES (1, '{[1,2),[5,7)}')");
        assertEquals(
                "{\"m\": \"{[1,2),[5,7)}\", \"id\": 1, \"twice\": 2}",
                text(events().get(0).data()));
        if (db.number("SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'") == 1) {
            execute("CREATE EXTENSION hstore", "CREATE TABLE h (id int PRIMARY KEY, v hstore)");
            schema.capture("h");
            execute("INSERT INTO h VALUES (1, 'a=>1, b=>NULL')");
            assertEquals(
                    "{\"v\": {\"a\": \"1\", \"b\": null}, \"id\": 1}",
                    text(events().get(0).data()));
        }
    }

    @Test
    void shouldLeaveOutVirtualColumnsWhoseValueTriggersDoNotGet() throws Exception {
        assumeTrue(db.number("SELECT current_setting('server_version_num')") >= 180000);
        execute("CREATE TABLE g (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) VIRTUAL)");
        for (CaptureOptions.Form form : CaptureOptions.Form.values()) {
            schema.capture("g", CaptureOptions.builder().form(form).build());
            execute("TRUNCATE g", "INSERT INTO g VALUES (3)");
            assertEquals("{\"id\": 3}", text(events().get(1).data()));
        }
    }

    /** What jsonb can't hold must not keep anybody from writing it. */
    @Test
    void shouldTellJsonThatJsonbCannotHoldAsText() throws Exception {
        execute("CREATE TABLE j (id int PRIMARY KEY, v json, w text)");
        schema.capture("j");
        List<String> values = List.of("{\"a\":\"\\u0000\"}", "\"\\ud800\"", "1e200000");
        for (int i = 0; i < values.size(); i++) {
            execute("INSERT INTO j VALUES (" + i + ", '" + values.get(i) + "', 'x')");
            String escaped = values.get(i).replace("\\", "\\\\").replace("\"", "\\\"");
            assertEquals(
                    "{\"v\": {\"everafter:text\": \"" + escaped + "\"}, \"w\": \"x\", \"id\": " + i + "}",
                    text(events().get(0).data()));
        }
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldFailTheStatementAndNameTheTableWhenAValueCannotBeTold(CaptureOptions.Form form) throws Exception {
        createOddType();
        execute("CREATE TABLE o (id int PRIMARY KEY, v odd, j json)");
        schema.capture("o", CaptureOptions.builder().form(form).build());
        String message = String.valueOf(assertThrows(SQLException.class, () -> execute("INSERT INTO o VALUES (1, 'a')"))
                .getMessage());
        assertTrue(message.contains("everafter can't capture this change of table o: no json"), message);
        assertTrue(message.contains("everafter.uncapture"), message);
        assertEquals(0, db.number("SELECT count(*) FROM o"));
        assertEquals("", shapes());
    }

    /** Its values can be told neither as JSON nor as text. */
    private void createOddType() throws SQLException {
        execute(
                "CREATE TYPE odd AS ENUM ('a')",
                "CREATE FUNCTION convert(odd) RETURNS json LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no json'; END$$",
                "CREATE FUNCTION spell(odd) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no text'; END$$",
                "CREATE CAST (odd AS json) WITH FUNCTION convert(odd)",
                "CREATE CAST (odd AS text) WITH FUNCTION spell(odd)");
    }

    /** Conversions of large rows are looked after, since jsonb holds no more than 256 MB; a test of that size takes a minute. */
    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldFailTheStatementAndNameTheTableWhenALargeRowCannotBeTold(CaptureOptions.Form form) throws Exception {
        createOddType();
        execute("CREATE TABLE o (id int PRIMARY KEY, large text, v odd)");
        schema.capture("o", CaptureOptions.builder().form(form).build());
        execute(
                "INSERT INTO o SELECT 1, string_agg(md5(i::text), '') FROM generate_series(1, 100000) i",
                "INSERT INTO o VALUES (2, 'small')");
        assertEquals("i1.i2.", shapes());
        for (String statement : List.of(
                "INSERT INTO o SELECT 3, large, 'a' FROM o WHERE id = 1",
                "UPDATE o SET v = 'a' WHERE id = 1",
                "UPDATE o SET large = (SELECT large FROM o WHERE id = 1), v = 'a' WHERE id = 2")) {
            String message = String.valueOf(
                    assertThrows(SQLException.class, () -> execute(statement)).getMessage());
            assertTrue(message.contains("everafter can't capture this change of table o: no json"), message);
            assertTrue(message.contains("\"without\""), message);
        }
        assertEquals("", shapes());
    }

    @Test
    void shouldTellPostGisAsGeoJson() throws Exception {
        assumeTrue(
                db.number("SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'") == 1,
                "this PostgreSQL has no PostGIS to install");
        execute(
                "CREATE EXTENSION postgis",
                "CREATE TABLE places (id int PRIMARY KEY, at geometry(Point, 4326))",
                "CREATE TABLE again (LIKE places)");
        schema.capture("places");
        execute("INSERT INTO places VALUES (1, ST_SetSRID(ST_MakePoint(11.5, 48.25), 4326))");
        String data = text(events().get(0).data());
        assertTrue(data.contains("\"Point\"") && data.contains("[11.5, 48.25]"), data);
        execute("INSERT INTO again SELECT (data ->> 'id')::int, ST_GeomFromGeoJSON(data -> 'at') FROM everafter.event"
                + " WHERE topic = 'public.places'");
        assertEquals(1, db.number("SELECT count(*) FROM places JOIN again ON places.at = again.at"));
    }
}
