package dev.everafter.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends what a killed process left behind in a data directory: a database that still runs is stopped, and a
 * {@code postmaster.pid} that names a process of another kind is removed, since PostgreSQL would refuse to start over it.
 *
 * <p>Only for who holds the directory's lock.
 */
final class OrphanedPostgres {
    private static final Logger LOG = LoggerFactory.getLogger(OrphanedPostgres.class);
    private static final int STOP_SECONDS = 20;

    private final Path pidFile;

    OrphanedPostgres(Path data) {
        this.pidFile = data.resolve("postmaster.pid");
    }

    void stop() throws IOException {
        if (!Files.exists(pidFile)) {
            return;
        }
        Optional<ProcessHandle> process = pid().flatMap(ProcessHandle::of).filter(ProcessHandle::isAlive);
        if (process.isEmpty()) {
            LOG.info("the database was not shut down the last time; it recovers what was committed");
            return;
        }
        if (isPostgres(process.get())) {
            LOG.info(
                    "stopping the database that an ended process left running (pid {})",
                    process.get().pid());
            interrupt(process.get());
        } else {
            LOG.info("{} names a process that is no PostgreSQL; removing it", pidFile);
            Files.delete(pidFile);
        }
    }

    /** The file's first line (PostgreSQL manual, "Database File Layout"). */
    private Optional<Long> pid() throws IOException {
        return Files.readAllLines(pidFile).stream()
                .findFirst()
                .map(String::strip)
                .filter(line -> line.matches("[0-9]{1,9}"))
                .map(Long::valueOf);
    }

    private static boolean isPostgres(ProcessHandle process) {
        // Where the command can't be read, PostgreSQL's own checks decide.
        return process.info()
                .command()
                .map(command -> command.contains("postgres"))
                .orElse(true);
    }

    /** SIGINT is a fast shutdown; what ProcessHandle can send is SIGTERM, which waits for every session to end. */
    private static void interrupt(ProcessHandle process) throws IOException {
        new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            process.onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while stopping PostgreSQL with pid " + process.pid(), e);
        } catch (ExecutionException | TimeoutException e) {
            throw new CliException(
                    "PostgreSQL with pid " + process.pid() + " was left running by an ended process and doesn't stop"
                            + " within " + STOP_SECONDS + " s: stop it with kill, then start again",
                    e);
        }
    }
}
