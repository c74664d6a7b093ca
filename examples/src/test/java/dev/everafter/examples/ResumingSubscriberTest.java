package dev.everafter.examples;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.client.EventClient;
import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ResumingSubscriberTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldGoOnBehindTheLastEventAfterARestartOfEitherSide() throws Exception {
        List<Event> seen = new CopyOnWriteArrayList<>();
        Path positions = directory.resolve("positions.json");
        try (Served served = new Served(1 << 20)) {
            append(served, 3);
            try (EventClient client = ResumingSubscriber.client(served.uri(), positions)) {
                ResumingSubscriber.subscribe(client, seen::add);
                await().until(() -> seen.size() == 3);
                served.restart();
                append(served, 2);
                await().until(() -> seen.size() == 5);
            }
            append(served, 4);
            try (EventClient client = ResumingSubscriber.client(served.uri(), positions)) {
                ResumingSubscriber.subscribe(client, seen::add);
                await().until(() -> seen.size() == 9);
            }
            assertEquals(served.events(), seen);
        }
    }

    @Test
    @Timeout(120)
    void shouldPrintEachEventOnceWhenItIsStoppedAndRunAgain() throws Exception {
        Path positions = directory.resolve("positions.json");
        try (Served served = new Served(1 << 20)) {
            append(served, 2);
            List<String> first = run(served, positions, 2);
            append(served, 1);
            List<String> second = run(served, positions, 1);
            List<String> printed = new ArrayList<>(first);
            printed.addAll(second);
            assertEquals(served.events().stream().map(Event::toString).toList(), printed);
        }
    }

    /** Runs the program in a JVM of its own until it has printed {@code lines}, then ends it as Ctrl-C does. */
    private static List<String> run(Served served, Path positions, int lines) throws Exception {
        Process program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        ResumingSubscriber.class.getName(),
                        served.uri().toString(),
                        positions.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> printed = new ArrayList<>();
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(program.getInputStream(), StandardCharsets.UTF_8))) {
            while (printed.size() < lines) {
                String line = out.readLine();
                assertTrue(line != null, "ended after " + printed);
                if (line != null) {
                    printed.add(line);
                }
            }
            // Not Process.destroy(), which closes the streams.
            program.toHandle().destroy();
            assertTrue(program.waitFor(60, TimeUnit.SECONDS), "still running");
            out.lines().forEach(printed::add);
        } finally {
            program.destroyForcibly();
        }
        return printed;
    }

    private static void append(Served served, int events) {
        for (int i = 0; i < events; i++) {
            served.log.append("orders", "insert", RawJson.of("{\"n\":" + i + "}"));
        }
    }
}
