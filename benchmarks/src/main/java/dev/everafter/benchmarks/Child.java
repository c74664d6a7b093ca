package dev.everafter.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A server in a process of its own, so that its cost can be told from everybody else's. It ends with this process, however
 * that ends.
 *
 * <p>For one thread.
 */
final class Child implements AutoCloseable {
    private static final Pattern LISTENS = Pattern.compile("ws://127\\.0\\.0\\.1:(\\d+)/");

    private final Process process;
    private final Path errors;
    private final BufferedReader out;
    private final Writer in;
    private final int port;

    private Child(Process process, Path errors) throws IOException {
        this.process = process;
        this.errors = errors;
        this.out = process.inputReader();
        this.in = process.outputWriter();
        this.port = awaitPort();
    }

    /** Our server as {@code everafter serve} starts it, on a free port, with {@code more} options. */
    static Child everafter(String jdbcUrl, List<String> jvmOptions, String... more) throws IOException {
        // All clients of a benchmark have one address.
        List<String> arguments = new ArrayList<>(List.of(
                "serve",
                "--port",
                "0",
                "--max-connections",
                "100000",
                "--max-connections-per-address",
                "100000",
                "--database",
                jdbcUrl));
        arguments.addAll(List.of(more));
        return start("everafter", jvmOptions, arguments.toArray(String[]::new));
    }

    /** {@link NettyServer}, on a free port. */
    static Child netty(List<String> jvmOptions) throws IOException {
        return start("netty", jvmOptions);
    }

    /** {@link TyrusServer}, on a free port. */
    static Child tyrus(List<String> jvmOptions) throws IOException {
        return start("tyrus", jvmOptions);
    }

    private static Child start(String kind, List<String> jvmOptions, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ChildMain.class.getName(), kind));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile("everafter-benchmark", ".log");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        try {
            return new Child(process, errors);
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            Files.delete(errors);
            throw e;
        }
    }

    private int awaitPort() throws IOException {
        while (true) {
            Matcher matcher = LISTENS.matcher(line());
            if (matcher.find()) {
                return Integer.parseInt(matcher.group(1));
            }
        }
    }

    private String line() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException("the server ended: " + Files.readString(errors));
        }
        return line;
    }

    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    Proc.Cpu cpu() {
        return Proc.cpu(pid());
    }

    /** Hands {@link ChildMain} a command, and waits for the answer. */
    String ask(String command) throws IOException {
        in.write(command + "\n");
        in.flush();
        String line = line();
        while (!line.startsWith(ChildMain.ANSWER)) {
            line = line();
        }
        return line.substring(ChildMain.ANSWER.length());
    }

    /** Collects garbage, and says how many bytes of heap are in use then. */
    long liveHeap() throws IOException {
        return Long.parseLong(ask("gc"));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        in.close();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        Files.deleteIfExists(errors);
    }
}
