package dev.everafter.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A real PostgreSQL server for one test, or for all tests of a JVM ({@link #shared()}): on a loopback port of its own,
 * with its data in a temporary folder. When the JVM ends, however it ends, the server ends too.
 *
 * <p>It is the embedded version that the build pins, with {@code -Dpg=15} an embedded one of that major version, or with
 * {@code -Dpg=system} the newest in {@code /usr/lib/postgresql}. As root it runs under {@code unshare -U}, or as the user
 * {@code postgres}.
 *
 * <p>By default it doesn't flush to the disk ({@code fsync=off}), which a test can't tell unless the machine crashes;
 * {@code synchronous_commit} stays on, and what is not yet written at {@link #stopImmediately()} is lost as it would be
 * anywhere.
 *
 * <p>Safe for use by any thread.
 */
public final class PostgresFixture implements AutoCloseable {
    private static final int ATTEMPTS = 5;

    private final PostgresPrograms programs;
    private final Path folder;
    private final Path data;
    private final File log;
    private final int port;
    private final Process guard;
    private final AtomicInteger databases = new AtomicInteger();
    private boolean running;
    private boolean frozen;
    private boolean closed;

    private PostgresFixture(PostgresPrograms programs, Path folder, int port, Process guard) {
        this.programs = programs;
        this.folder = folder;
        this.data = folder.resolve("data");
        this.log = folder.resolve("log").toFile();
        this.port = port;
        this.guard = guard;
    }

    /**
     * The instance that all tests of this JVM share; not to be stopped or closed. Each test takes a {@link
     * #newDatabase()} in it.
     */
    public static PostgresFixture shared() {
        return Shared.INSTANCE;
    }

    /** Starts with the defaults: nothing flushed, PostgreSQL's own settings. */
    public static Builder builder() {
        return new Builder();
    }

    /** The port on 127.0.0.1; stays the same over all restarts. */
    public int port() {
        return port;
    }

    /** The folder of the server programs; only the machine's own ({@code -Dpg=system}) hold {@code psql} and {@code pgbench}. */
    public Path bin() {
        return programs.bin();
    }

    Path folder() {
        return folder;
    }

    /** The database {@code postgres}, as its superuser. */
    public String jdbcUrl() {
        return jdbcUrl("postgres");
    }

    private String jdbcUrl(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=postgres";
    }

    /** Makes an empty database and returns its JDBC URL, as the superuser. */
    public String newDatabase() {
        String name = "test_" + databases.incrementAndGet();
        try (Connection connection = dataSource(jdbcUrl()).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException("could not create database " + name + ": " + logTail(), e);
        }
        return jdbcUrl(name);
    }

    /** Opens a new connection each time. */
    public DataSource dataSource(String jdbcUrl) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(jdbcUrl);
        return source;
    }

    /** Starts it, if it is not running, on the port that it had. */
    public synchronized void start() {
        if (closed) {
            throw new IllegalStateException("this fixture is closed");
        }
        if (!running && !tryStart()) {
            throw new IllegalStateException("PostgreSQL did not start: " + logTail());
        }
    }

    private boolean tryStart() {
        running = control("start", "-l", log.getPath());
        return running;
    }

    /** Stops it in order: connections are cut, everything committed is written. Does nothing if it isn't running. */
    public synchronized void stop() {
        stop("fast");
    }

    /**
     * Stops it as a crash would: what was committed with {@code synchronous_commit=off} and not written yet is lost, and
     * the next start recovers. Does nothing if it isn't running.
     */
    public synchronized void stopImmediately() {
        stop("immediate");
    }

    private void stop(String mode) {
        if (running && !control("stop", "-m", mode)) {
            throw new IllegalStateException("PostgreSQL did not stop: " + logTail());
        }
        running = false;
    }

    /** Stops it in order and starts it again. */
    public synchronized void restart() {
        stop();
        start();
    }

    /** Stops all its processes where they are, as if the machine hung: connections stay, and nothing is answered. */
    public synchronized void freeze() {
        frozen = true;
        signal("STOP");
    }

    /** Lets them go on. */
    public synchronized void thaw() {
        signal("CONT");
        frozen = false;
    }

    /** To the one that starts others first, so that none of those is missed. */
    private void signal(String name) {
        try {
            long pid = Long.parseLong(
                    Files.readAllLines(data.resolve("postmaster.pid")).get(0));
            send(name, Stream.of(Long.toString(pid)));
            send(
                    name,
                    ProcessHandle.of(pid).stream()
                            .flatMap(ProcessHandle::descendants)
                            .map(child -> Long.toString(child.pid())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What has ended meanwhile needs no signal. */
    private void send(String signal, Stream<String> pids) {
        PostgresPrograms.run(
                log,
                Stream.concat(Stream.of("sh", "-c", "kill -s \"$@\" 2>/dev/null", "kill", signal), pids)
                        .toList());
    }

    /** Makes the stopped server a standby, one without a primary, from its next start on. */
    public synchronized void becomeStandby() {
        if (running) {
            throw new IllegalStateException("stop the server first");
        }
        if (!programs.runAny(log, "touch", data.resolve("standby.signal").toString())) {
            throw new IllegalStateException("could not make it a standby: " + logTail());
        }
    }

    /** Ends the running standby's recovery, on a timeline of its own. */
    public synchronized void promote() {
        if (!control("promote")) {
            throw new IllegalStateException("PostgreSQL was not promoted: " + logTail());
        }
    }

    /** Copies the stopped server's whole state, for {@link #restoreData}. */
    public synchronized Path copyData() {
        Path copy = folder.resolve("copy-" + databases.incrementAndGet());
        copy(data, copy);
        return copy;
    }

    /** Puts the stopped server back to a state that {@link #copyData} took: a restore, which rewinds the log. */
    public synchronized void restoreData(Path copy) {
        if (running) {
            throw new IllegalStateException("stop the server first");
        }
        try {
            PostgresPrograms.deleteAll(data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        copy(copy, data);
    }

    private void copy(Path from, Path to) {
        if (running) {
            throw new IllegalStateException("stop the server first");
        }
        if (!programs.runAny(log, "cp", "-Rp", from.toString(), to.toString())) {
            throw new IllegalStateException("could not copy " + from + ": " + logTail());
        }
    }

    private boolean control(String verb, String... options) {
        List<String> arguments = new ArrayList<>(List.of("-D", data.toString(), "-w", "-t", "60"));
        arguments.addAll(List.of(options));
        arguments.add(verb);
        return programs.run(log, "pg_ctl", arguments.toArray(String[]::new));
    }

    /** The last lines the server wrote to its log. */
    public String logTail() {
        try (Stream<String> lines = Files.lines(log.toPath())) {
            List<String> all = lines.toList();
            return String.join("\n", all.subList(Math.max(0, all.size() - 40), all.size()));
        } catch (IOException e) {
            return "(no log: " + e + ")";
        }
    }

    /** Stops it and deletes its data. Does nothing the second time. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (running) {
            if (frozen) {
                thaw();
            }
            // if that fails it is gone already, as a test may have wanted
            control("stop", "-m", "immediate");
            running = false;
        }
        guard.destroyForcibly();
        try {
            PostgresPrograms.deleteAll(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Shared {
        static final PostgresFixture INSTANCE = builder().build();

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(INSTANCE::close, "shared PostgreSQL"));
        }
    }

    /** Settings of one server. Not safe for use by several threads. */
    public static final class Builder {
        private final Map<String, String> settings = new LinkedHashMap<>();
        private final List<String> access = new ArrayList<>();
        private Optional<TlsIdentity> identity = Optional.empty();

        private Builder() {
            settings.put("listen_addresses", "127.0.0.1");
            settings.put("unix_socket_directories", "");
            settings.put("shared_buffers", "32MB");
            settings.put("fsync", "off");
            settings.put("full_page_writes", "off");
        }

        /** Flushes to the disk at each commit, as PostgreSQL does by default. */
        public Builder durable() {
            settings.remove("fsync");
            settings.remove("full_page_writes");
            return this;
        }

        /** A line of {@code postgresql.conf}. */
        public Builder setting(String name, String value) {
            settings.put(name, value);
            return this;
        }

        /** A line of {@code pg_hba.conf}, before the one that trusts everybody. */
        public Builder access(String line) {
            access.add(line);
            return this;
        }

        /** Lets clients encrypt. */
        public Builder tls(TlsIdentity identity) {
            this.identity = Optional.of(identity);
            return this;
        }

        /** Starts it; the caller closes it. */
        public PostgresFixture build() {
            PostgresPrograms programs = PostgresPrograms.chosen();
            IllegalStateException failure = new IllegalStateException("PostgreSQL did not start");
            for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
                PostgresFixture fixture = initialised(programs);
                if (fixture.tryStart()) {
                    return fixture;
                }
                failure.addSuppressed(new IllegalStateException(fixture.logTail()));
                boolean portTaken = fixture.logTail().contains("could not bind");
                fixture.close();
                if (!portTaken) {
                    break;
                }
            }
            throw failure;
        }

        private PostgresFixture initialised(PostgresPrograms programs) {
            try {
                Path folder = Files.createTempDirectory("everafter-pg");
                programs.handOver(folder);
                PostgresFixture fixture =
                        new PostgresFixture(programs, folder, LoopbackPorts.free(), programs.guard(folder));
                boolean made = programs.run(
                        fixture.log,
                        "initdb",
                        "-D",
                        fixture.data.toString(),
                        "-U",
                        "postgres",
                        "--auth=trust",
                        "--encoding=UTF8",
                        "--no-locale",
                        "--no-sync");
                if (!made) {
                    String why = fixture.logTail();
                    fixture.close();
                    throw new IllegalStateException("initdb failed: " + why);
                }
                if (identity.isPresent()) {
                    fixture.identify(identity.get());
                    settings.put("ssl", "on");
                }
                fixture.configure(settings, access);
                return fixture;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void configure(Map<String, String> settings, List<String> access) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("port = " + port);
        settings.forEach((name, value) -> lines.add(name + " = '" + value.replace("'", "''") + "'"));
        // of two lines that set the same, the last one counts
        Files.write(data.resolve("postgresql.conf"), lines, StandardOpenOption.APPEND);
        // of two lines that match a client, the first one counts
        Path hba = data.resolve("pg_hba.conf");
        List<String> all = new ArrayList<>(access);
        all.addAll(Files.readAllLines(hba));
        Files.write(hba, all);
    }

    private void identify(TlsIdentity identity) throws IOException {
        Files.copy(identity.certificate(), data.resolve("server.crt"));
        Path key = data.resolve("server.key");
        Files.copy(identity.key(), key);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        programs.handOver(key);
    }
}
