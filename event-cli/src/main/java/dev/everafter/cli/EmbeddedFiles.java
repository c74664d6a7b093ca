package dev.everafter.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where an {@link EmbeddedDatabase} lies on disk. Nobody but the user can enter the directory.
 *
 * <p>The password is drawn once, at random, and kept in pgpass format (PostgreSQL manual, "The Password File"), so that
 * {@code PGPASSFILE} makes psql and pgjdbc find it.
 *
 * <p>Used by the one thread that holds {@link #lock()}.
 */
final class EmbeddedFiles {
    private static final int PASSWORD_BYTES = 24;
    private static final String PGPASS_PREFIX = "*:*:*:postgres:";
    private static final long LOG_BYTES = 1 << 20;
    private static final int LOG_LINES_SHOWN = 3;

    private final Path home;
    private final Path programs;

    EmbeddedFiles(Path home, Path programs) {
        this.home = home.toAbsolutePath();
        this.programs = programs.toAbsolutePath();
    }

    void create() throws IOException {
        Optional<Path> parent = Optional.ofNullable(home.getParent());
        if (parent.isPresent()) {
            Files.createDirectories(parent.get());
        }
        if (!Files.isDirectory(home)) {
            Files.createDirectory(home, ownerOnly("rwx------"));
        }
        Files.createDirectories(programs());
    }

    Path data() {
        return home.resolve("pg18");
    }

    /** Held while a process has the database. Beside the data, which may be removed. */
    Path lock() {
        return home.resolve("pg18.lock");
    }

    Path log() {
        return home.resolve("pg18.log");
    }

    Path passwordFile() {
        return home.resolve("pg18.pass");
    }

    /** Where PostgreSQL's programs are unpacked, once for each version. */
    Path programs() {
        return programs;
    }

    /** What initdb reads the password from. */
    Path initialPassword() {
        return home.resolve("pg18.initial");
    }

    /** Whether the database has run here before. */
    boolean ready() {
        return Files.exists(marker());
    }

    void markReady() throws IOException {
        Files.deleteIfExists(initialPassword());
        if (!ready()) {
            Files.createFile(marker());
        }
    }

    private Path marker() {
        return data().resolve("everafter.ready");
    }

    /**
     * Removes what a first start left that was killed in the middle, half-unpacked programs among it.
     *
     * @return whether there was something
     */
    boolean removeUnfinished() throws IOException {
        boolean unfinished = Files.exists(data());
        remove(data());
        if (programs.startsWith(home)) {
            remove(programs);
            Files.createDirectories(programs);
        }
        return unfinished;
    }

    private static void remove(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> tree = Files.walk(directory)) {
                for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    /** The password, drawn now if the database has none yet. */
    String password() throws IOException {
        if (Files.exists(passwordFile())) {
            String line = Files.readString(passwordFile()).strip();
            String password = line.substring(Math.min(line.length(), PGPASS_PREFIX.length()));
            writeInitial(password);
            return password;
        }
        if (ready()) {
            throw new CliException(passwordFile() + " is missing, which holds the password of the embedded PostgreSQL:"
                    + " put it back, or remove " + data() + " with all its events");
        }
        byte[] random = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(random);
        String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        writePrivately(passwordFile(), PGPASS_PREFIX + password);
        writeInitial(password);
        return password;
    }

    private void writeInitial(String password) throws IOException {
        if (!ready()) {
            writePrivately(initialPassword(), password);
        }
    }

    private static void writePrivately(Path file, String line) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, ownerOnly("rw-------"));
        Files.writeString(file, line + "\n");
    }

    private static FileAttribute<?>[] ownerOnly(String permissions) {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }

    /** Keeps the database's own log from growing for ever. */
    void trimLog() throws IOException {
        if (Files.exists(log()) && Files.size(log()) > LOG_BYTES) {
            Files.write(log(), new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
        }
    }

    /** The database's last words, for a message. */
    String endOfLog() {
        try {
            List<String> lines = Files.readAllLines(log(), StandardCharsets.UTF_8).stream()
                    .filter(line -> !line.isBlank())
                    .toList();
            List<String> end = lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size());
            return "the end of " + log() + ": " + String.join(" | ", end);
        } catch (IOException e) {
            return "it left no log in " + log();
        }
    }
}
