package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.PostgresFixture;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code serve --table} and {@code doctor}. */
class AdoptTest {
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

    @Test
    void shouldServeATableAndCreateNothing(@TempDir Path directory) throws Exception {
        execute(
                "CREATE TABLE logs (id bigserial PRIMARY KEY, v text, at timestamp DEFAULT now())",
                "INSERT INTO logs (v) VALUES ('one')");
        try (CliProcess server = CliProcess.start(
                directory,
                Map.of(),
                "serve",
                "--database=" + database,
                "--port=0",
                "--table=public.logs",
                "--time-column=at",
                "--channel=logs",
                "--max-hold=60")) {
            String url = server.awaitLine("  WebSocket");
            try (CliProcess tail = CliProcess.start(
                    directory,
                    Map.of(),
                    "tail",
                    "--url",
                    url,
                    "--from=start",
                    "--where=topic = 'public.logs' and data.v != 'three'")) {
                tail.awaitLines(1);
                execute(
                        "INSERT INTO logs (v) VALUES ('two')",
                        "INSERT INTO logs (v) VALUES ('three')",
                        "BEGIN; INSERT INTO logs (v) VALUES ('four'); NOTIFY logs, '4'; COMMIT");
                tail.awaitLines(3);
                assertTrue(tail.lines().get(0).startsWith("{\"id\":1,"), tail.lines()::toString);
                assertTrue(tail.lines().get(2).contains("\"v\":\"four\""), tail.lines()::toString);
            }
        }
        // fails if serve has installed its own log
        execute("CREATE SCHEMA everafter");
    }

    @Test
    void shouldPrintEachFindingAndEndWithOne() throws Exception {
        execute(
                "CREATE TABLE logs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamp)",
                "ALTER SEQUENCE logs_id_seq CACHE 10");
        Run sick = Run.of("doctor", "--database", database, "--table", "logs", "--time-column", "at");
        execute("ALTER SEQUENCE logs_id_seq CACHE 1");
        Run well = Run.of("doctor", "--database", database, "--table", "logs", "--time-column", "at");

        assertEquals(ExitCodes.FAILURE, sick.code(), sick.err());
        assertEquals(4, sick.out().lines().count(), sick.out());
        assertTrue(sick.out().startsWith("cache: sessions keep ids"), sick.out());
        assertTrue(sick.out().contains("\n  seen    CACHE 10 of "), sick.out());
        assertEquals(ExitCodes.OK, well.code(), well.err());
        assertEquals("nothing found\n", well.out());
    }

    @Test
    void shouldSayWhyATableCantBeAdopted() throws Exception {
        execute("CREATE TABLE plain (id int PRIMARY KEY)");
        Run run = Run.of("doctor", "--database", database, "--table", "plain");
        assertEquals(ExitCodes.FAILURE, run.code());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().contains("from no sequence"), run.err());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --channel logs",
                "serve --table logs",
                "serve --database jdbc:postgresql://localhost/x --table logs --demo",
                "serve --database jdbc:postgresql://localhost/x --table logs --max-hold 0"
            })
    void shouldRefuseOptionsThatDontGoTogether(String command) {
        assertEquals(ExitCodes.USAGE, Run.of(command.split(" ", -1)).code());
    }
}
