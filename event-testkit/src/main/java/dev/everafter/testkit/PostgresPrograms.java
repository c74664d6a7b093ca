package dev.everafter.testkit;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import java.io.BufferedInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's server programs, those that come in a jar or the machine's own, and the way to run them, which as root
 * takes another user: they refuse to run as root.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param bin the folder they lie in
 * @param prefix the words before each command that make it run as an ordinary user
 */
record PostgresPrograms(Path bin, List<String> prefix) {
    private static final Path SYSTEM = Path.of("/usr/lib/postgresql");

    /**
     * Those that {@code -Dpg} names: nothing for the embedded ones, a major version for embedded ones of that version (for
     * which the build's profile puts the right jar on the class path), {@code system} for the machine's newest.
     */
    static PostgresPrograms chosen() {
        String wanted = System.getProperty("pg", "").strip();
        if (wanted.equals("system")) {
            return system();
        }
        PostgresPrograms embedded = embedded();
        if (!wanted.isEmpty() && !embedded.isVersion(wanted)) {
            throw new IllegalStateException("-Dpg=" + wanted + ": the embedded PostgreSQL on the class path is another;"
                    + " give 14 to 18 to the build, which takes that version then, or system for the machine's own");
        }
        return embedded;
    }

    private static PostgresPrograms system() {
        try (Stream<Path> versions = Files.isDirectory(SYSTEM) ? Files.list(SYSTEM) : Stream.empty()) {
            Path home = versions.filter(path -> Files.isExecutable(path.resolve("bin/pg_ctl")))
                    .max(Comparator.comparingInt(PostgresPrograms::version))
                    .orElseThrow(() -> new IllegalStateException("-Dpg=system: no PostgreSQL server programs in "
                            + SYSTEM + "/*/bin; install postgresql, or leave -Dpg out to use the embedded one"));
            return new PostgresPrograms(home.resolve("bin"), ordinaryUser());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isVersion(String major) {
        try {
            File told = File.createTempFile("everafter-postgres", ".version");
            boolean ran = run(told, "postgres", "--version");
            String text = Files.readString(told.toPath());
            Files.delete(told.toPath());
            return ran && text.strip().matches("postgres \\(PostgreSQL\\) " + major + "\\D.*");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int version(Path home) {
        String name = home.getFileName().toString();
        return name.matches("\\d{1,4}") ? Integer.parseInt(name) : 0;
    }

    private static PostgresPrograms embedded() {
        String os = System.getProperty("os.name", "");
        String arch = System.getProperty("os.arch", "");
        String system = os.toLowerCase(Locale.ROOT).startsWith("mac") ? "Darwin" : os;
        String machine = arch.equals("amd64") ? "x86_64" : arch;
        try (InputStream archive = DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machine)) {
            return new PostgresPrograms(unpacked(archive.readAllBytes()).resolve("bin"), ordinaryUser());
        } catch (IOException e) {
            throw new UncheckedIOException("the embedded PostgreSQL for " + os + " on " + arch, e);
        }
    }

    /** Unpacks once per machine, user and version; two JVMs that do it at once don't disturb each other. */
    private static Path unpacked(byte[] archive) throws IOException {
        Path mine = Files.createTempDirectory("everafter-postgres-unpacking");
        Path home =
                mine.resolveSibling("everafter-postgres-" + Files.getOwner(mine).getName() + "-" + digest(archive));
        if (!Files.exists(home)) {
            unpack(archive, mine);
            Files.setPosixFilePermissions(mine, PosixFilePermissions.fromString("rwxr-xr-x"));
            try {
                Files.move(mine, home);
            } catch (IOException e) {
                if (!Files.exists(home)) {
                    throw e;
                }
            }
        }
        // the name can be guessed, and what lies there is run
        Path probe = Files.exists(mine) ? mine : home;
        if (!Files.getOwner(home).equals(Files.getOwner(probe))) {
            throw new IllegalStateException(home + " belongs to another user: remove it");
        }
        deleteAll(mine);
        return home;
    }

    private static String digest(byte[] archive) {
        try {
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(archive);
            return HexFormat.of().formatHex(sum, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void unpack(byte[] archive, Path target) throws IOException {
        try (InputStream raw = new java.io.ByteArrayInputStream(archive);
                TarArchiveInputStream tar =
                        new TarArchiveInputStream(new BufferedInputStream(new XZInputStream(raw)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("the archive wants to write to " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                    continue;
                }
                Files.createDirectories(path.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else {
                    Files.copy(tar, path);
                    Files.setPosixFilePermissions(
                            path,
                            PosixFilePermissions.fromString((entry.getMode() & 0100) == 0 ? "rw-r--r--" : "rwxr-xr-x"));
                }
            }
        }
    }

    private static List<String> ordinaryUser() {
        if (!isRoot()) {
            return List.of();
        }
        // In a user namespace without a mapping root is nobody, and still owns its files.
        if (succeeds("unshare", "-U", "true")) {
            return List.of("unshare", "-U");
        }
        if (succeeds("runuser", "-u", "postgres", "--", "true")) {
            return List.of("runuser", "-u", "postgres", "--");
        }
        throw new IllegalStateException("PostgreSQL refuses to run as root, and neither `unshare -U` nor a user"
                + " `postgres` is to be had: run the tests as an ordinary user");
    }

    private static boolean isRoot() {
        return ProcessHandle.current().info().user().equals(Optional.of("root"));
    }

    private static boolean succeeds(String... command) {
        try {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Makes {@code folder}, which is the JVM's, the programs'. */
    void handOver(Path folder) throws IOException {
        if (prefix.contains("runuser")) {
            Files.setOwner(
                    folder,
                    folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postgres"));
        }
    }

    /** The whole command that runs one of the programs. */
    List<String> command(String program, List<String> arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.add(bin.resolve(program).toString());
        command.addAll(arguments);
        return command;
    }

    /**
     * Runs a program to its end. Its output goes to a file, since a server that it starts keeps the stream open.
     *
     * @return whether it succeeded
     */
    boolean run(File output, String program, String... arguments) {
        return run(output, command(program, List.of(arguments)));
    }

    /** Runs any command as the programs' user. */
    boolean runAny(File output, String... words) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(words));
        return run(output, command);
    }

    static boolean run(File output, List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(output.getParentFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output));
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C");
        try {
            return builder.start().waitFor() == 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running " + command, e);
        }
    }

    /**
     * A shell that waits until this JVM is gone, by whatever end, and then stops the server and deletes the folder: a
     * killed test run leaves no server behind.
     */
    Process guard(Path folder) throws IOException {
        String script = "trap '' INT TERM HUP; read -r _; \"$@\" >/dev/null 2>&1; rm -rf \"$FOLDER\"";
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "guard"));
        command.addAll(command("pg_ctl", List.of("-D", folder.resolve("data").toString(), "-m", "immediate", "stop")));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("FOLDER", folder.toString());
        return builder.start();
    }

    static void deleteAll(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
