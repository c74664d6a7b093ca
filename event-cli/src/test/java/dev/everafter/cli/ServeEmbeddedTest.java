package dev.everafter.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.everafter.core.RawJson;
import dev.everafter.testkit.LoopbackPorts;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve} as a newcomer starts it: with the embedded PostgreSQL, under the user who runs the tests. */
class ServeEmbeddedTest {
    private final Path directory;
    private final int port = LoopbackPorts.free();
    private final int databasePort = LoopbackPorts.free();

    ServeEmbeddedTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
    }

    private CliProcess serve(int port, int databasePort) throws IOException {
        return CliProcess.start(
                directory,
                Map.of("XDG_DATA_HOME", directory.toString()),
                "serve",
                "--demo",
                "--port",
                "" + port,
                "--database-port",
                "" + databasePort);
    }

    private ProcessHandle postmaster() throws IOException {
        List<String> lines = Files.readAllLines(directory.resolve("everafter/pg18/postmaster.pid"));
        return ProcessHandle.of(Long.parseLong(lines.get(0).strip())).orElseThrow();
    }

    /** The first event that `tail --from start` prints, once it has printed some. */
    private JsonObject firstEvent(int atLeast) throws Exception {
        try (CliProcess tail = CliProcess.start(
                directory, Map.of(), "tail", "--url", "ws://127.0.0.1:" + port + "/ws", "--from", "start")) {
            tail.awaitLines(atLeast);
            return RawJson.of(tail.lines().get(0)).parse().asJsonObject();
        }
    }

    @Test
    void shouldShowEventsAtOnceKeepThemThroughAKillAndLeaveNothingRunning() throws Exception {
        ProcessHandle orphan;
        JsonObject first;
        try (CliProcess server = serve(port, databasePort)) {
            server.awaitLine("Stop with Ctrl-C.");
            assertEquals("http://127.0.0.1:" + port + "/", server.awaitLine("  console"));
            assertTrue(server.err().contains("for trying out"), server.err());
            first = firstEvent(2);
            assertEquals("demo.orders", first.getString("topic"));
            assertEquals("insert", first.getString("type"));

            try (CliProcess second = serve(LoopbackPorts.free(), LoopbackPorts.free())) {
                assertEquals(ExitCodes.FAILURE, second.exitCode());
                assertTrue(second.err().contains("is in use by another `everafter serve`"), second.err());
            }
            orphan = postmaster();
            server.kill();
        }
        assertTrue(orphan.isAlive(), "what follows shows nothing if the database died as well");

        try (CliProcess server = serve(port, databasePort)) {
            server.awaitLine("Stop with Ctrl-C.");
            await().atMost(30, SECONDS).until(() -> !orphan.isAlive());
            assertEquals(first, firstEvent(3));

            ProcessHandle database = postmaster();
            long before = System.nanoTime();
            assertEquals(143, server.stop(), server::err);
            assertTrue(System.nanoTime() - before < SECONDS.toNanos(20), "nothing has to be given up");
            await().atMost(30, SECONDS).until(() -> !database.isAlive());
            assertTrue(Files.notExists(directory.resolve("everafter/pg18/postmaster.pid")));
            assertFalse(server.err().contains("cleanly"), server.err());
        }
    }

    @Test
    void shouldNameDatabaseOptionWhenRootMayNotUnshare() throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "only root needs it");
        Path unshare = directory.resolve("unshare");
        Files.writeString(unshare, "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2\nexit 1\n");
        Files.setPosixFilePermissions(unshare, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (CliProcess server = CliProcess.start(
                directory,
                Map.of("XDG_DATA_HOME", directory.toString(), "PATH", directory + ":" + System.getenv("PATH")),
                "serve")) {
            assertEquals(ExitCodes.FAILURE, server.exitCode());
            assertTrue(server.err().contains("can't run as user root here"), server.err());
            assertTrue(server.err().contains("--database jdbc:postgresql://"), server.err());
            assertEquals("", server.out());
        }
    }
}
