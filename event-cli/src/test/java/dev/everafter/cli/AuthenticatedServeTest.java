package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.RawJson;
import dev.everafter.pg.LogSchema;
import dev.everafter.testkit.LoopbackPorts;
import dev.everafter.testkit.PostgresFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve} that asks for tokens, {@code token} that makes them, and {@code tail} that shows them. */
class AuthenticatedServeTest {
    private final String database = PostgresFixture.shared().newDatabase();
    private final DataSource source = PostgresFixture.shared().dataSource(database);
    private final int port = LoopbackPorts.free();
    private final String url = "ws://127.0.0.1:" + port + "/ws";
    private final Path directory;

    AuthenticatedServeTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private CliProcess serve(String... auth) throws IOException {
        String[] arguments = {"serve", "--verbose", "--database", database, "--port", "" + port};
        String[] all = new String[arguments.length + auth.length];
        System.arraycopy(arguments, 0, all, 0, arguments.length);
        System.arraycopy(auth, 0, all, arguments.length, auth.length);
        CliProcess server = CliProcess.start(directory, Map.of(), all);
        server.awaitLine("  WebSocket");
        return server;
    }

    private CliProcess tail(Map<String, String> environment, String... arguments) throws IOException {
        String[] all = new String[arguments.length + 6];
        System.arraycopy(new String[] {"tail", "--verbose", "--url", url, "--from", "start"}, 0, all, 0, 6);
        System.arraycopy(arguments, 0, all, 6, arguments.length);
        return CliProcess.start(directory, environment, all);
    }

    private void emit() throws SQLException {
        emit("topic");
    }

    private void emit(String topic) throws SQLException {
        try (Connection connection = source.getConnection()) {
            LogSchema.emit(connection, topic, "test", RawJson.of("{}"), null);
        }
    }

    @Test
    void shouldServeThoseWhoseTokenIsInTheFileAndShowItNowhere() throws Exception {
        Path tokens = directory.resolve("tokens.jsonl");
        Run made = Run.of("token", "alice", "--file", tokens.toString());
        String token = made.out().strip();
        Path tokenFile = Files.writeString(directory.resolve("alice.token"), made.out());
        assertTrue(token.startsWith("ea_"), "a token");
        assertFalse(Files.readString(tokens).contains(token), "the token is in the file of hashes");

        try (CliProcess server = serve("--auth", "tokens", "--tokens-file", tokens.toString())) {
            emit();
            try (CliProcess byFile = tail(Map.of(), "--token-file", tokenFile.toString());
                    CliProcess byEnvironment = tail(Map.of("EVERAFTER_TOKEN", token));
                    CliProcess without = tail(Map.of("EVERAFTER_TOKEN", token + "x"))) {
                byFile.awaitLines(1);
                byEnvironment.awaitLines(1);
                assertEquals(ExitCodes.FAILURE, without.exitCode());
                assertTrue(without.err().contains("close code 4401"), without.err());
                for (CliProcess process : new CliProcess[] {server, byFile, byEnvironment, without}) {
                    assertFalse(process.err().contains(token), "a token is in a log");
                }
            }
        }
    }

    @Test
    void shouldServeThoseWhomTheQueryKnowsWhatAnotherShowsThem() throws Exception {
        String query = "SELECT 'alice' AS subject WHERE :token = 'open-sesame'";
        String shown = "SELECT jsonb_build_array('topic', '=', 'topic') WHERE :subject = 'alice'";
        try (CliProcess server = serve("--auth", "sql", "--sql-query", query, "--access-query", shown)) {
            emit("hidden");
            emit();
            try (CliProcess known = tail(Map.of("EVERAFTER_TOKEN", "open-sesame"));
                    CliProcess unknown = tail(Map.of("EVERAFTER_TOKEN", "open-barley"))) {
                known.awaitLines(1);
                assertFalse(known.out().contains("hidden"), known.out());
                assertEquals(ExitCodes.FAILURE, unknown.exitCode());
                assertFalse((server.err() + known.err()).contains("open-sesame"), "a token is in a log");
            }
        }
    }
}
