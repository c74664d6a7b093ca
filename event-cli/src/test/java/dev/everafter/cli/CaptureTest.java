package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.LoopbackPorts;
import dev.everafter.testkit.PostgresFixture;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;

class CaptureTest {
    private final String database = PostgresFixture.shared().newDatabase();

    private void execute(String... statements) throws SQLException {
        try (Connection connection =
                        PostgresFixture.shared().dataSource(database).getConnection();
                Statement sql = connection.createStatement()) {
            for (String statement : statements) {
                sql.execute(statement);
            }
        }
    }

    private static void assertOneLine(Run run, String... expected) {
        assertEquals(ExitCodes.FAILURE, run.code(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertFalse(run.err().contains("secret"), run.err());
        assertFalse(run.err().contains("PL/pgSQL"), run.err());
        for (String part : expected) {
            assertTrue(run.err().contains(part), run.err());
        }
    }

    @Test
    void shouldSayWhatItDidForEachTable() throws Exception {
        execute("CREATE TABLE orders (id int PRIMARY KEY)", "CREATE TABLE \"Odd one\" (id int PRIMARY KEY)");

        Run first = Run.of("capture", "--database", database, "orders", "public.\"Odd one\"");
        Run again = Run.of("capture", "--database", database, "orders");

        assertEquals(ExitCodes.OK, first.code(), first.err());
        assertEquals(3, first.out().lines().count(), first.out());
        assertTrue(first.out().startsWith("installed the log in schema everafter of jdbc:postgresql://127.0.0.1:"));
        assertEquals("orders: its changes are events now\n", again.out());
        execute("INSERT INTO orders VALUES (1)", "INSERT INTO \"Odd one\" VALUES (2)");
        try (Connection connection =
                        PostgresFixture.shared().dataSource(database).getConnection();
                Statement sql = connection.createStatement();
                ResultSet row =
                        sql.executeQuery("SELECT string_agg(topic, ', ' ORDER BY topic) FROM everafter.event")) {
            row.next();
            assertEquals("public.Odd one, public.orders", row.getString(1));
        }
    }

    @Test
    void shouldNameTheTableWhenThereIsNone() {
        assertOneLine(Run.of("capture", "--database", database, "nowhere"), "everafter capture: ", "nowhere");
    }

    @Test
    void shouldNameTheWayOutWhenATableHasNoPrimaryKey() throws Exception {
        execute("CREATE TABLE keyless (n int)");
        assertOneLine(
                Run.of("capture", "--database", database, "keyless"),
                "keyless",
                "ALTER TABLE public.keyless ADD PRIMARY KEY");
    }

    @Test
    void shouldNameTheServerWhenNobodyListens() throws IOException {
        int port = LoopbackPorts.free();
        assertOneLine(
                Run.of("capture", "--database", "jdbc:postgresql://127.0.0.1:" + port + "/shop?password=secret", "t"),
                "can't connect to jdbc:postgresql://127.0.0.1:" + port + "/shop: ");
    }

    @Test
    void shouldNameTheDatabaseWhenThereIsNone() {
        String missing = database.replaceFirst("/[^/?]*[?]", "/missing?");
        assertOneLine(Run.of("capture", "--database", missing, "t"), "/missing: ", "create it, or name another");
    }

    @Test
    void shouldShowTheStackTraceOnlyWhenVerbose() {
        assertFalse(Run.of("capture", "--database", database, "nowhere").err().contains("\tat "));
        assertTrue(Run.of("capture", "--database", database, "--verbose", "nowhere")
                .err()
                .contains("\tat "));
    }
}
