package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nobody gets rights by what he makes capture run. */
class CaptureRightsTest extends Captured {
    private String role = "";

    @BeforeEach
    void makeRole() throws SQLException {
        role = "mallory_" + db.number("SELECT oid FROM pg_database WHERE datname = current_database()");
        execute("CREATE ROLE " + role + " LOGIN", "GRANT CREATE ON SCHEMA public TO " + role);
    }

    private Connection asRole() throws SQLException {
        return DriverManager.getConnection(db.url.replace("user=postgres", "user=" + role));
    }

    /** A cast to json is made by the owner of the type, and run by to_jsonb. */
    private void attack(Connection mallory) throws SQLException {
        Db.execute(
                mallory,
                "CREATE TABLE trace (who text, super text)",
                "GRANT INSERT ON trace TO PUBLIC",
                "CREATE TYPE lure AS ENUM ('x')",
                "CREATE FUNCTION bite(lure) RETURNS json LANGUAGE plpgsql AS $$BEGIN"
                        + " INSERT INTO public.trace VALUES (current_user, current_setting('is_superuser'));"
                        + " BEGIN EXECUTE 'ALTER ROLE " + role
                        + " SUPERUSER'; EXCEPTION WHEN insufficient_privilege THEN"
                        + " NULL; END; RETURN '1'; END$$",
                "CREATE CAST (lure AS json) WITH FUNCTION bite(lure)");
    }

    @ParameterizedTest
    @EnumSource(CaptureOptions.Form.class)
    void shouldRunACastOfTheTablesOwnerWithNobodysRights(CaptureOptions.Form form) throws Exception {
        try (Connection mallory = asRole()) {
            attack(mallory);
            Db.execute(mallory, "CREATE TABLE bait (id int PRIMARY KEY, v lure)");
            schema.capture("bait", CaptureOptions.builder().form(form).build());
            Db.execute(mallory, "INSERT INTO bait VALUES (1, 'x')", "UPDATE bait SET id = 2", "DELETE FROM bait");
        }
        assertEquals("{\"v\": 1, \"id\": 1}", text(events().get(0).data()));
        assertTrue(db.number("SELECT count(*) FROM trace") >= 4);
        assertEquals(0, db.number("SELECT count(*) FROM trace WHERE who <> 'everafter_nobody'"));
        assertEquals(0, db.number("SELECT count(*) FROM pg_roles WHERE rolname = '" + role + "' AND rolsuper"));
    }

    /** A cast runs as the owner of the function that runs it: he took SECURITY DEFINER from it, and the next was a superuser. */
    @Test
    void shouldNotLetACastAlterTheFunctionThatRunsIt() throws Exception {
        execute("GRANT USAGE ON SCHEMA everafter TO PUBLIC", "CREATE TABLE innocent (id int PRIMARY KEY, v json)");
        schema.capture("innocent");
        try (Connection mallory = asRole()) {
            attack(mallory);
            Db.execute(
                    mallory,
                    "CREATE OR REPLACE FUNCTION bite(lure) RETURNS json LANGUAGE plpgsql AS $$"
                            + " DECLARE schema text; BEGIN FOREACH schema IN ARRAY '{everafter,everafter_nobody}'::text[] LOOP"
                            + " BEGIN EXECUTE format('ALTER FUNCTION %s.image(anyelement, jsonb, oid) SECURITY INVOKER',"
                            + " schema); EXCEPTION WHEN insufficient_privilege OR undefined_function THEN NULL; END; END LOOP;"
                            + " INSERT INTO public.trace VALUES (current_user, current_setting('is_superuser'));"
                            + " RETURN '1'; END$$",
                    "CREATE TABLE bait (id int PRIMARY KEY, v lure)");
            schema.capture("bait");
            Db.execute(mallory, "INSERT INTO bait VALUES (1, 'x')", "INSERT INTO bait VALUES (2, 'x')");
            assertEquals(2, db.number("SELECT count(*) FROM trace WHERE who = 'everafter_nobody'"));
            Db.execute(
                    mallory,
                    "CREATE OR REPLACE FUNCTION bite(lure) RETURNS json LANGUAGE plpgsql AS $$BEGIN"
                            + " DROP OWNED BY everafter_nobody CASCADE; RETURN '1'; END$$",
                    "INSERT INTO bait VALUES (3, 'x')");
            String message = String.valueOf(
                    assertThrows(SQLException.class, () -> Db.execute(mallory, "INSERT INTO bait VALUES (4, 'x')"))
                            .getMessage());
            assertTrue(message.contains("everafter_nobody.image"), message);
        }
        execute("INSERT INTO innocent VALUES (1, '{}')");
        assertEquals("public.innocent", events().get(3).topic());
    }

    /** The table was harmless when it was captured. */
    @Test
    void shouldRunACastThatCameLaterWithNobodysRights() throws Exception {
        try (Connection mallory = asRole()) {
            Db.execute(mallory, "CREATE TABLE bait (id int PRIMARY KEY)");
            schema.capture("bait");
            attack(mallory);
            Db.execute(mallory, "ALTER TABLE bait ADD v lure", "INSERT INTO bait VALUES (1, 'x')");
        }
        assertEquals(1, db.number("SELECT count(*) FROM trace"));
        assertEquals(0, db.number("SELECT count(*) FROM trace WHERE who <> 'everafter_nobody'"));
    }

    /** Here the table's owner is to be trusted, and the type's isn't. */
    @Test
    void shouldRunACastOfAStrangersTypeWithNobodysRights() throws Exception {
        try (Connection mallory = asRole()) {
            attack(mallory);
        }
        execute("CREATE TYPE wrapped AS (a int, b lure[])", "CREATE TABLE bait (id int PRIMARY KEY, v wrapped)");
        schema.capture("bait");
        execute("INSERT INTO bait VALUES (1, (1, '{x}'))");
        assertEquals(1, db.number("SELECT count(*) FROM trace"));
        assertEquals(0, db.number("SELECT count(*) FROM trace WHERE who <> 'everafter_nobody'"));
    }

    @Test
    void shouldRefuseAStrangersTableWhereNobodyCanRunItsCasts() throws Exception {
        execute(
                "ALTER FUNCTION everafter_nobody.image(anyelement, jsonb, oid) OWNER TO postgres",
                "ALTER TABLE t OWNER TO " + role);
        String message = String.valueOf(
                assertThrows(RuntimeException.class, () -> schema.capture("t")).getMessage());
        assertTrue(message.contains(role + " owns it") && message.contains("Install the log as the role"), message);
    }

    @Test
    void shouldInstallAndCaptureAsAnOrdinaryRole() throws Exception {
        Db own = Db.empty(PostgresFixture.shared());
        own.execute("GRANT CREATE ON DATABASE "
                + own.texts("SELECT current_database()").get(0) + " TO " + role);
        own.execute("CREATE SCHEMA app AUTHORIZATION " + role, "CREATE TABLE strange (id int PRIMARY KEY)");
        own.execute("GRANT ALL ON strange TO " + role);
        LogSchema ordinary =
                LogSchema.of(PostgresFixture.shared().dataSource(own.url.replace("user=postgres", "user=" + role)));
        ordinary.install();
        own.execute("SET ROLE " + role + "; CREATE TABLE app.own (id int PRIMARY KEY, at timestamptz)");
        ordinary.capture("app.own");
        own.execute("INSERT INTO app.own VALUES (1)");
        assertEquals(1, own.number("SELECT count(*) FROM everafter.event"));
        String message = String.valueOf(assertThrows(RuntimeException.class, () -> ordinary.capture("strange"))
                .getMessage());
        assertTrue(message.contains("must be owner") || message.contains("permission denied"), message);
    }
}
