package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.RawJson;
import dev.everafter.pg.LogSchema;
import dev.everafter.testkit.LoopbackPorts;
import dev.everafter.testkit.PostgresFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve} that shows what functions of the database make of events. */
class RenderedServeTest {
    private final String database = PostgresFixture.shared().newDatabase();
    private final DataSource source = PostgresFixture.shared().dataSource(database);
    private final String port = "" + LoopbackPorts.free();
    private final Path directory;
    private final Path file;

    RenderedServeTest(@TempDir Path directory) throws Exception {
        this.directory = directory;
        this.file = Files.writeString(
                directory.resolve("renderings.json"),
                "{\"default\": {\"topics\": {\"orders\": {\"function\": \"api_order\"}}}}");
    }

    private CliProcess serve() throws Exception {
        return CliProcess.start(
                directory, Map.of(), "serve", "--database", database, "--port", port, "--renderings", file.toString());
    }

    @Test
    void shouldShowWhatTheFunctionMakes() throws Exception {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE FUNCTION api_order(row_ jsonb) RETURNS jsonb STABLE LANGUAGE sql AS"
                    + " $$ SELECT jsonb_build_object('euro', (row_->>'cents')::numeric / 100) $$");
        }
        try (CliProcess server = serve()) {
            server.awaitLine("  WebSocket");
            try (Connection connection = source.getConnection()) {
                LogSchema.emit(connection, "orders", "test", RawJson.of("{\"cents\":1250,\"secret\":1}"), null);
            }
            String url = "ws://127.0.0.1:" + port + "/ws";
            try (CliProcess tail = CliProcess.start(directory, Map.of(), "tail", "--url", url, "--from", "start")) {
                tail.awaitLines(1);
                assertTrue(tail.out().contains("\"euro\"") && tail.out().contains("12.5"), tail.out());
                assertFalse(tail.out().contains("secret"), tail.out());
            }
        }
    }

    @Test
    void shouldRefuseToStartAndNameTheFunctionThatIsMissing() throws Exception {
        try (CliProcess server = serve()) {
            assertEquals(ExitCodes.USAGE, server.exitCode());
            assertTrue(server.err().contains("--renderings"), server.err());
            assertTrue(server.err().contains("no function api_order(jsonb): create it"), server.err());
        }
    }
}
