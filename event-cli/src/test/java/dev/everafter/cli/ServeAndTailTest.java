package dev.everafter.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.client.PositionStore;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.pg.LogSchema;
import dev.everafter.testkit.LoopbackPorts;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** {@code serve} and {@code tail} as processes of their own, on a real database. */
@TestInstance(Lifecycle.PER_CLASS)
class ServeAndTailTest {
    private final String database = PostgresFixture.shared().newDatabase();
    private final DataSource source = PostgresFixture.shared().dataSource(database);
    private final int port = LoopbackPorts.free();
    private final String url = "ws://127.0.0.1:" + port + "/ws";
    private final Path directory;
    private CliProcess server;

    ServeAndTailTest(@TempDir Path directory) throws IOException {
        this.directory = directory;
        this.server = serve();
    }

    private CliProcess serve() throws IOException {
        return CliProcess.start(directory, Map.of(), "serve", "--database", database, "--port", "" + port);
    }

    @BeforeAll
    void awaitServer() throws SQLException {
        assertEquals(url, server.awaitLine("  WebSocket"));
        emit("filler", 1);
        emit("filler", 2);
    }

    @AfterAll
    void stopServer() throws InterruptedException {
        server.close();
    }

    private CliProcess tail(String topic, String... more) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("tail", "--url", url, "--where", "[\"topic\", \"=\", \"" + topic + "\"]", "--from", "start"));
        arguments.addAll(List.of(more));
        return CliProcess.start(directory, Map.of(), arguments.toArray(String[]::new));
    }

    private void emit(String topic, int number) throws SQLException {
        try (Connection connection = source.getConnection()) {
            LogSchema.emit(connection, topic, "test", RawJson.of("{\"number\":" + number + "}"), null);
        }
    }

    /** The ids that the log itself has for {@code topic}, in order. */
    private List<Long> idsInLog(String topic) throws SQLException {
        try (Connection connection = source.getConnection();
                PreparedStatement query = connection.prepareStatement(
                        "SELECT c.id * 256 + ((e.n - 1) & 255) FROM everafter.event e JOIN everafter.commit_log c"
                                + " ON c.seg = e.seg AND c.part = (e.n - 1) >> 8 WHERE e.topic = ? ORDER BY 1")) {
            query.setString(1, topic);
            List<Long> ids = new ArrayList<>();
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getLong(1));
                }
            }
            return ids;
        }
    }

    private static long id(String line) {
        return RawJson.of(line).parse().asJsonObject().getJsonNumber("id").longValueExact();
    }

    private static List<Long> ids(CliProcess tail) {
        return tail.lines().stream().map(ServeAndTailTest::id).toList();
    }

    private static void assertAscending(List<Long> ids) {
        for (int i = 1; i < ids.size(); i++) {
            assertTrue(ids.get(i - 1) < ids.get(i), ids.get(i - 1) + " before " + ids.get(i));
        }
    }

    @Test
    void shouldMissNothingAndRepeatOnlyByIdWhenTailIsKilled() throws Exception {
        Random random = Seed.random("ServeAndTailTest");
        Path store = directory.resolve("killed.position");
        TreeMap<Long, String> seen = new TreeMap<>();
        try (Emitter emitter = Emitter.start(source, "killed")) {
            for (int run = 0; run < 4; run++) {
                boolean last = run == 3;
                try (CliProcess tail = tail("killed", "--store", store.toString())) {
                    tail.awaitLines(50 + random.nextInt(200));
                    // The first one saved is the start's.
                    await().atMost(60, SECONDS)
                            .until(() -> saved(store) >= id(tail.lines().get(0)));
                    if (last) {
                        emitter.finish();
                        awaitEnd(tail);
                    } else {
                        tail.kill();
                    }
                    assertAscending(ids(tail));
                    long saved = saved(store);
                    assertTrue(run == 0 || id(tail.lines().get(0)) > seen.firstKey(), "it went on, not from the start");
                    for (String line : tail.lines()) {
                        String before = seen.put(id(line), line);
                        assertTrue(before == null || before.equals(line), line);
                    }
                    for (long id : idsInLog("killed")) {
                        assertTrue(
                                id > saved || seen.containsKey(id), () -> "saved " + saved + " without printing " + id);
                    }
                }
            }
            assertEquals(emitter.finish(), seen.size());
        }
        assertEquals(idsInLog("killed"), List.copyOf(seen.keySet()));
    }

    private static void awaitEnd(CliProcess tail) {
        await().atMost(60, SECONDS).until(() -> tail.out().contains("\"type\":\"end\""));
    }

    private static long saved(Path store) {
        return PositionStore.file(store).load("tail").map(Position::id).orElse(0L);
    }

    @Test
    void shouldHaveWrittenALineWhenItsPositionIsSaved() throws Exception {
        Path store = directory.resolve("written.position");
        try (CliProcess tail = tail("written", "--store", store.toString())) {
            for (int count = 1; count <= 5; count++) {
                emit("written", count);
                long id = idsInLog("written").get(count - 1);
                await().atMost(60, SECONDS).until(() -> saved(store) >= id);
                assertEquals(count, tail.lines().size());
            }
        }
    }

    @Test
    void shouldGoOnExactlyBehindTheLastLineWhenTailIsStoppedInOrder() throws Exception {
        Path store = directory.resolve("stopped.position");
        List<Long> seen = new ArrayList<>();
        try (Emitter emitter = Emitter.start(source, "stopped")) {
            for (int run = 0; run < 3; run++) {
                try (CliProcess tail = tail("stopped", "--store", store.toString())) {
                    tail.awaitLines(100);
                    if (run == 2) {
                        emitter.finish();
                        awaitEnd(tail);
                    }
                    assertEquals(143, tail.stop(), tail::err);
                    seen.addAll(ids(tail));
                }
            }
            assertEquals(emitter.finish(), seen.size());
        }
        assertEquals(idsInLog("stopped"), seen);
    }

    @Test
    void shouldEndAtOnceAndQuietlyWhenItsReaderGoes() throws Exception {
        try (Emitter emitter = Emitter.start(source, "closed");
                CliProcess tail = CliProcess.piped(directory, "tail", "--url", url)) {
            try (BufferedReader reader = tail.process().inputReader()) {
                assertTrue(reader.readLine().contains("\"topic\":\"closed\""));
            }
            assertTrue(tail.process().waitFor(30, SECONDS));
            assertEquals(ExitCodes.OK, tail.exitCode());
            assertEquals(
                    List.of(),
                    tail.err().lines().filter(line -> !line.contains(" INFO ")).toList());
            assertTrue(emitter.finish() > 0);
        }
    }

    @Test
    void shouldPrintExactlyWhatTheServerSentWhenAnEventIsEmitted() throws Exception {
        emit("one", 7);
        try (CliProcess tail = tail("one")) {
            tail.awaitLines(1);
            String line = tail.lines().get(0);
            assertTrue(line.contains("\"topic\":\"one\",\"type\":\"test\",\"data\":{\"number\":7}"), line);
        }
    }

    @Test
    void shouldEndWithItsOwnCodeWhenEventsAreGoneAndGoOnWhereAsked() throws Exception {
        long oldest;
        try (Connection connection = source.getConnection();
                Statement sql = connection.createStatement()) {
            oldest = idsInLog("filler").get(1);
            sql.execute("UPDATE everafter.retained SET oldest = " + oldest);
        }
        try (CliProcess tail = CliProcess.start(directory, Map.of(), "tail", "--url", url, "--from", "1")) {
            assertEquals(ExitCodes.GAP, tail.exitCode());
            assertTrue(tail.err().contains("events after 1 up to " + oldest + " can't be had"), tail.err());
            assertFalse(tail.err().contains("\tat "), tail.err());
        }
        emit("gone", 1);
        try (CliProcess tail =
                CliProcess.start(directory, Map.of(), "tail", "--url", url, "--from", "1", "--on-gap", "continue")) {
            tail.awaitLines(1);
            assertTrue(id(tail.lines().get(0)) > oldest);
        }
    }

    @Test
    void shouldLoseNothingWhenTheServerStopsAndComesBack() throws Exception {
        try (Emitter emitter = Emitter.start(source, "restarted");
                CliProcess tail = tail("restarted")) {
            tail.awaitLines(20);
            long before = System.nanoTime();
            assertEquals(143, server.stop());
            assertTrue(System.nanoTime() - before < SECONDS.toNanos(20), "nothing has to be given up");
            await().atMost(30, SECONDS).until(() -> tail.err().contains("the server goes"));

            server = serve();
            server.awaitLine("  WebSocket");
            tail.awaitLines(tail.lines().size() + 20);
            int emitted = emitter.finish();
            awaitEnd(tail);
            assertEquals(emitted, tail.lines().size());
            assertEquals(idsInLog("restarted"), ids(tail));
        }
    }
}
