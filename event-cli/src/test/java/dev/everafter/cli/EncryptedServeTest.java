package dev.everafter.cli;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.RawJson;
import dev.everafter.pg.LogSchema;
import dev.everafter.testkit.LoopbackPorts;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.TlsIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve} with a certificate, and {@code tail} that trusts it or doesn't. */
class EncryptedServeTest {
    private final Path directory;

    EncryptedServeTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void shouldPrintEventsWhenTheAuthorityIsTrustedAndSayWhyNotOtherwise() throws Exception {
        TlsIdentity identity = TlsIdentity.create(Files.createDirectory(directory.resolve("one")));
        TlsIdentity other = TlsIdentity.create(Files.createDirectory(directory.resolve("two")));
        String database = PostgresFixture.shared().newDatabase();
        String port = "" + LoopbackPorts.free();
        String url = "wss://127.0.0.1:" + port + "/ws";
        String[] serve = {
            "serve",
            "--database",
            database,
            "--port",
            port,
            "--tls-cert",
            identity.certificate().toString(),
            "--tls-key",
            identity.key().toString()
        };
        String[] tail = {"tail", "--url", url, "--from", "start", "--ca-file"};
        try (CliProcess server = CliProcess.start(directory, Map.of(), serve)) {
            server.awaitLine("  WebSocket  " + url);
            try (Connection connection =
                    PostgresFixture.shared().dataSource(database).getConnection()) {
                LogSchema.emit(connection, "topic", "test", RawJson.of("{}"), null);
            }
            try (CliProcess trusting = CliProcess.start(directory, Map.of(), with(tail, identity));
                    CliProcess doubting = CliProcess.start(directory, Map.of(), with(tail, other))) {
                trusting.awaitLines(1);
                await().until(() -> doubting.err().contains("no connection"));
                assertTrue(doubting.err().contains("TLS failed: unable to find valid certification"), doubting.err());
            }
        }
    }

    private static String[] with(String[] tail, TlsIdentity trusted) {
        String[] all = java.util.Arrays.copyOf(tail, tail.length + 1);
        all[tail.length] = trusted.certificate().toString();
        return all;
    }

    @Test
    void shouldRefuseToStartWhenTheOptionsOrFilesCantBeUsed() throws Exception {
        Run half = Run.of("serve", "--tls-cert", "server.crt");
        assertEquals(ExitCodes.USAGE, half.code());
        assertTrue(half.err().contains("--tls-key"), half.err());
        Path empty = Files.writeString(directory.resolve("empty"), "");
        Run none = Run.of("tail", "--url", "wss://127.0.0.1:1/ws", "--ca-file", empty.toString());
        assertEquals(ExitCodes.USAGE, none.code());
        assertTrue(none.err().contains("holds no certificate"), none.err());
    }
}
