package dev.everafter.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * PostgreSQL's own load generator, on its four tables, captured while they were empty, so that every row in them comes of
 * an event.
 *
 * <p>Safe for use by any thread.
 */
public final class Pgbench {
    /** Its tables, each with the column that is its key. {@code history} has none by itself. */
    public static final Map<String, String> TABLES = tables();

    private static final Path SYSTEM = Path.of("/usr/lib/postgresql");
    /** Its "tpcb-like" transaction, on fewer accounts. */
    private static final String SCRIPT = """
            \\set aid random(1, ACCOUNTS)
            \\set bid 1
            \\set tid random(1, 10)
            \\set delta random(-5000, 5000)
            BEGIN;
            UPDATE pgbench_accounts SET abalance = abalance + :delta WHERE aid = :aid;
            SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
            UPDATE pgbench_tellers SET tbalance = tbalance + :delta WHERE tid = :tid;
            UPDATE pgbench_branches SET bbalance = bbalance + :delta WHERE bid = :bid;
            INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (:tid, :bid, :aid, :delta, CURRENT_TIMESTAMP);
            END;
            """;

    private final Path program;
    private final Path folder;
    private final List<String> target;

    private Pgbench(Path program, Path folder, List<String> target) {
        this.program = program;
        this.folder = folder;
        this.target = target;
    }

    private static Map<String, String> tables() {
        Map<String, String> tables = new LinkedHashMap<>();
        tables.put("public.pgbench_accounts", "aid");
        tables.put("public.pgbench_branches", "bid");
        tables.put("public.pgbench_tellers", "tid");
        tables.put("public.pgbench_history", "id");
        return tables;
    }

    /** The newest that is installed; empty if none is. */
    public static Optional<Path> installed() {
        try (Stream<Path> versions = Files.isDirectory(SYSTEM) ? Files.list(SYSTEM) : Stream.empty()) {
            return versions.map(home -> home.resolve("bin/pgbench"))
                    .filter(Files::isExecutable)
                    .max(Comparator.comparing(Path::toString));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Makes and captures its tables in a database where the log is installed.
     *
     * @param folder for its script and its output
     */
    public static Pgbench prepare(Path program, Path folder, PostgresFixture server, String database, DataSource source)
            throws SQLException {
        Pgbench bench = new Pgbench(
                program,
                folder,
                List.of("-h", "127.0.0.1", "-p", String.valueOf(server.port()), "-U", "postgres", database));
        bench.runToEnd("-i", "-I", "dtp", "-q");
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER TABLE pgbench_history ADD COLUMN id bigserial PRIMARY KEY");
            for (String table : TABLES.keySet()) {
                statement.execute("SELECT everafter.capture('" + table + "')");
            }
        }
        return bench;
    }

    /** Fills the tables, with fewer accounts than its own 100,000. */
    public void fill(DataSource source, int accounts) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("INSERT INTO pgbench_branches (bid, bbalance) VALUES (1, 0)");
            statement.execute(
                    "INSERT INTO pgbench_tellers (tid, bid, tbalance) SELECT g, 1, 0 FROM generate_series(1, 10) g");
            statement.execute("INSERT INTO pgbench_accounts (aid, bid, abalance, filler)"
                    + " SELECT g, 1, 0, '' FROM generate_series(1, " + accounts + ") g");
            Files.writeString(folder.resolve("script"), SCRIPT.replace("ACCOUNTS", String.valueOf(accounts)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a run that ends by itself; a server that stops under it ends it earlier. */
    public Process start(Duration duration, int clients, int transactionsPerSecond) {
        return start(
                "-n",
                "-f",
                folder.resolve("script").toString(),
                "-c",
                String.valueOf(clients),
                "-T",
                String.valueOf(duration.toSeconds()),
                "-R",
                String.valueOf(transactionsPerSecond));
    }

    private Process start(String... options) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(options));
        command.addAll(target);
        File output = folder.resolve("output").toFile();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output));
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void runToEnd(String... options) {
        Process process = start(options);
        try {
            if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
                throw new IllegalStateException("pgbench " + String.join(" ", options) + " failed: "
                        + Files.readString(folder.resolve("output")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            process.destroyForcibly();
        }
    }
}
