package dev.everafter.cli;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import io.zonky.test.db.postgres.util.LinuxUtils;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL 18 of one's own, for trying out: what was committed survives a crash of this process, of the database and
 * of the machine, and one process at a time has it.
 *
 * <p>It listens on loopback, and only who can read the user's files can log in ({@link EmbeddedFiles}). A database that a
 * killed process left running is stopped and started again. An installation that was never finished holds nothing and is
 * made anew.
 *
 * <p>{@link #close()} may come from any thread; the rest never changes.
 */
final class EmbeddedDatabase implements AutoCloseable {
    static final int DEFAULT_PORT = 8801;
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final Duration STARTUP = Duration.ofSeconds(30);

    private final EmbeddedPostgres postgres;
    private final FileChannel lock;
    private final DatabaseTarget target;

    private EmbeddedDatabase(EmbeddedPostgres postgres, FileChannel lock, DatabaseTarget target) {
        this.postgres = postgres;
        this.lock = lock;
        this.target = target;
    }

    /**
     * Starts it, or says why not.
     *
     * @param home where its data, password and programs lie; made where it is missing
     * @throws CliException if another process has it, the port is taken, or it doesn't start
     */
    static EmbeddedDatabase start(Path home, int port) {
        return start(home, home.resolve("programs"), port);
    }

    /** The same, with the programs unpacked somewhere else. */
    static EmbeddedDatabase start(Path home, Path programs, int port) {
        refuseRootWithoutUnshare(System.getProperty("user.name", ""), LinuxUtils::isUnshareAvailable);
        EmbeddedFiles files = new EmbeddedFiles(home, programs);
        try {
            files.create();
            FileChannel lock = lock(files);
            try {
                return start(files, port, lock);
            } catch (IOException | RuntimeException | Error e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw failed(files, e);
        }
    }

    /** PostgreSQL refuses to run as root; inside a user namespace it is not root. */
    static void refuseRootWithoutUnshare(String user, BooleanSupplier unshareAvailable) {
        if (user.equals("root") && !unshareAvailable.getAsBoolean()) {
            throw new CliException("the embedded PostgreSQL can't run as user root here (`unshare -U` isn't allowed):"
                    + " run as another user, or name a database with --database jdbc:postgresql://HOST/DATABASE");
        }
    }

    private static FileChannel lock(EmbeddedFiles files) throws IOException {
        FileChannel channel = FileChannel.open(files.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            LOG.debug("{} is locked by this very process", files.lock());
        }
        channel.close();
        throw new CliException("the embedded PostgreSQL in " + files.data() + " is in use by another `everafter serve`:"
                + " stop that one, or name another database with --database jdbc:postgresql://HOST/DATABASE");
    }

    private static EmbeddedDatabase start(EmbeddedFiles files, int port, FileChannel lock) throws IOException {
        if (!files.ready() && files.removeUnfinished()) {
            LOG.warn("removed an unfinished installation in {}", files.data());
        }
        new OrphanedPostgres(files.data()).stop();
        refuseTakenPort(port);
        String password = files.password();
        files.trimLog();
        EmbeddedPostgres postgres;
        try {
            postgres = configure(files, port, password).start();
        } catch (RuntimeException | ExceptionInInitializerError e) {
            throw failed(files, e);
        }
        files.markReady();
        return new EmbeddedDatabase(
                postgres,
                lock,
                DatabaseTarget.of("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "postgres", password));
    }

    private static void refuseTakenPort(int port) {
        try (ServerSocket probe = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            LOG.debug("port {} is free", probe.getLocalPort());
        } catch (IOException e) {
            throw new CliException(
                    "port " + port + " for the embedded PostgreSQL is taken: choose another with --database-port", e);
        }
    }

    private static EmbeddedPostgres.Builder configure(EmbeddedFiles files, int port, String password) {
        Redirect log = Redirect.appendTo(files.log().toFile());
        return EmbeddedPostgres.builder()
                .setDataDirectory(files.data())
                .setOverrideWorkingDirectory(files.programs().toFile())
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setPGStartupWait(STARTUP)
                .setOutputRedirector(log)
                .setErrorRedirector(log)
                // The library's defaults are made for tests and lose commits.
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("max_connections", "100")
                .setServerConfig("unix_socket_directories", "")
                .setPort(port)
                // Passed on to initdb, where the last -A/--auth wins: nobody gets in without the password.
                .setLocaleConfig("auth", "scram-sha-256")
                .setLocaleConfig("pwfile", files.initialPassword().toString())
                .setLocaleConfig("locale", "C")
                .setConnectConfig("password", password);
    }

    private static CliException failed(EmbeddedFiles files, Throwable cause) {
        Throwable root =
                cause instanceof ExceptionInInitializerError && cause.getCause() != null ? cause.getCause() : cause;
        return new CliException(
                "the embedded PostgreSQL in " + files.data() + " doesn't start: "
                        + (root.getMessage() == null ? root : root.getMessage()) + "; " + files.endOfLog()
                        + "; name a database with --database to do without it",
                cause);
    }

    /** How to connect to it. */
    DatabaseTarget target() {
        return target;
    }

    /** Stops the database, in a second or so: sessions are ended, commits are kept. */
    @Override
    public void close() {
        try {
            postgres.close();
            lock.close();
        } catch (IOException e) {
            LOG.warn("the embedded PostgreSQL didn't stop cleanly: {}; the next start recovers it", e.toString());
        }
    }
}
