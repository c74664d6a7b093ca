package dev.everafter.cli;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One run of the program as a process of its own, with its stdout and stderr in files. */
final class CliProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Process process;
    private final Path out;
    private final Path err;

    private CliProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    static CliProcess start(Path directory, Map<String, String> environment, String... arguments) throws IOException {
        Path out = Files.createTempFile(directory, arguments[0], ".out");
        return start(Redirect.to(out.toFile()), out, directory, environment, arguments);
    }

    /** With its stdout as a pipe to this process. */
    static CliProcess piped(Path directory, String... arguments) throws IOException {
        return start(Redirect.PIPE, directory, directory, Map.of(), arguments);
    }

    private static CliProcess start(
            Redirect redirect, Path out, Path directory, Map<String, String> environment, String... arguments)
            throws IOException {
        Path err = Files.createTempFile(directory, arguments[0], ".err");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Everafter.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(redirect)
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        return new CliProcess(builder.start(), out, err);
    }

    Process process() {
        return process;
    }

    String out() {
        return read(out);
    }

    String err() {
        return read(err);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it has printed, without a line that isn't whole yet. */
    List<String> lines() {
        String text = out();
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    /** Waits for a line of stdout, and returns what follows {@code start} in it. */
    String awaitLine(String start) {
        await("line " + start).atMost(PATIENCE).until(() -> {
            assertTrue(process.isAlive(), () -> "ended by itself: " + err());
            return lines().stream().anyMatch(line -> line.startsWith(start));
        });
        return lines().stream()
                .filter(line -> line.startsWith(start))
                .findFirst()
                .map(line -> line.substring(start.length()).strip())
                .orElseThrow();
    }

    /** Waits until it has printed {@code count} lines. */
    void awaitLines(int count) {
        await(count + " lines").atMost(PATIENCE).until(() -> {
            assertTrue(process.isAlive(), () -> "ended by itself: " + err());
            return lines().size() >= count;
        });
    }

    /** kill -9. */
    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertTrue(process.waitFor(30, SECONDS));
    }

    /** SIGTERM, which takes the same way through the program as Ctrl-C. */
    int stop() throws InterruptedException {
        process.destroy();
        return exitCode();
    }

    int exitCode() throws InterruptedException {
        assertTrue(process.waitFor(60, SECONDS), () -> "still running: " + err());
        return process.exitValue();
    }

    /** Ends it, and waits: a temporary directory is removed afterwards. */
    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
