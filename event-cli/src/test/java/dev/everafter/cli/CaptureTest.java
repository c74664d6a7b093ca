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
import java.util.ArrayList;
import java.util.List;
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
    void shouldPassEveryOptionOn() throws Exception {
        execute("CREATE TABLE items (id int, code text UNIQUE, photo bytea, PRIMARY KEY (id))");
        String[] given = {
            "--form=row",
            "--without=photo",
            "--old=changed",
            "--unchanged=false",
            "--key=code",
            "--when=new.id > 1",
            "--topic=stock",
            "--limit=2000"
        };
        List<String> command = new ArrayList<>(List.of("capture", "--database", database, "items"));
        command.addAll(List.of(given));

        Run run = Run.of(command.toArray(String[]::new));

        assertEquals(ExitCodes.OK, run.code(), run.err());
        try (Connection connection =
                        PostgresFixture.shared().dataSource(database).getConnection();
                Statement sql = connection.createStatement();
                ResultSet row = sql.executeQuery("SELECT options FROM everafter.captured")) {
            row.next();
            assertEquals(
                    "{\"key\": [\"code\"], \"old\": \"changed\", \"form\": \"row\", \"when\": \"new.id > 1\", \"limit\": 2000,"
                            + " \"topic\": \"stock\", \"without\": [\"photo\"], \"unchanged\": false}",
                    row.getString(1));
        }
        assertEquals(
                ExitCodes.OK,
                Run.of("capture", "--database", database, "--columns=code,photo", "--index=items_code_key", "items")
                        .code());
        Run refused = Run.of("capture", "--database", database, "--limit=5", "items");
        assertOneLine(refused, "limit can't be 5", "1024 to 33554432");
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
