package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.LoopbackPorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedDatabaseTest {
    /** Programs unpacked and initdb run once, since both take seconds. */
    @TempDir
    private static Path once = Path.of("");

    private final Path home;

    EmbeddedDatabaseTest(@TempDir Path temporary) {
        this.home = temporary.resolve("of mine");
    }

    @BeforeAll
    static void install() throws IOException {
        EmbeddedDatabase.start(once.resolve("installed"), once.resolve("programs"), LoopbackPorts.free())
                .close();
    }

    private void installed() throws IOException {
        try (Stream<Path> tree = Files.walk(once.resolve("installed"))) {
            for (Path from : tree.toList()) {
                Files.copy(
                        from,
                        home.resolve(once.resolve("installed").relativize(from)),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    private EmbeddedDatabase start() throws IOException {
        return start(LoopbackPorts.free());
    }

    private EmbeddedDatabase start(int port) {
        return EmbeddedDatabase.start(home, once.resolve("programs"), port);
    }

    private static String ask(DatabaseTarget target, String question) throws SQLException {
        try (Connection connection = target.dataSource("test").getConnection();
                Statement sql = connection.createStatement();
                ResultSet row = sql.executeQuery(question)) {
            row.next();
            return row.getString(1);
        }
    }

    private static void tell(DatabaseTarget target, String statement) throws SQLException {
        try (Connection connection = target.dataSource("test").getConnection();
                Statement sql = connection.createStatement()) {
            sql.execute(statement);
        }
    }

    private ProcessHandle postmaster() throws IOException {
        List<String> lines = Files.readAllLines(home.resolve("pg18/postmaster.pid"));
        return ProcessHandle.of(Long.parseLong(lines.get(0).strip())).orElseThrow();
    }

    @Test
    void shouldKeepWhatWasCommittedWhenItIsStartedAgainOrCrashes() throws Exception {
        installed();
        try (EmbeddedDatabase database = start()) {
            assertEquals("on", ask(database.target(), "SHOW fsync"));
            assertEquals("on", ask(database.target(), "SHOW synchronous_commit"));
            assertEquals("on", ask(database.target(), "SHOW full_page_writes"));
            tell(database.target(), "CREATE TABLE kept (n int)");
            tell(database.target(), "INSERT INTO kept VALUES (17)");
        }
        try (EmbeddedDatabase database = start()) {
            assertEquals("17", ask(database.target(), "SELECT sum(n) FROM kept"));
            tell(database.target(), "INSERT INTO kept VALUES (4)");
            ProcessHandle postmaster = postmaster();
            assertTrue(postmaster.destroyForcibly());
            postmaster.onExit().get(30, TimeUnit.SECONDS);
        }
        try (EmbeddedDatabase database = start()) {
            assertEquals("21", ask(database.target(), "SELECT sum(n) FROM kept"));
        }
    }

    @Test
    void shouldLetNobodyInWithoutThePassword() throws Exception {
        installed();
        int port = LoopbackPorts.free();
        try (EmbeddedDatabase database = start(port)) {
            assertEquals("1", ask(database.target(), "SELECT 1"));
            DatabaseTarget stranger =
                    DatabaseTarget.of("jdbc:postgresql://127.0.0.1:" + port + "/postgres", "postgres", "guess");
            assertEquals(
                    "28P01",
                    assertThrows(SQLException.class, () -> ask(stranger, "SELECT 1"))
                            .getSQLState());
        }
        assertEquals("rwx------", permissions(home));
        assertEquals("rw-------", permissions(home.resolve("pg18.pass")));
        assertTrue(Files.notExists(home.resolve("pg18.initial")));
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void shouldSayWhoHasItWhenASecondProcessWantsIt() throws Exception {
        installed();
        try (EmbeddedDatabase database = start()) {
            CliException refused = assertThrows(CliException.class, this::start);
            assertTrue(refused.getMessage().contains(home + "/pg18 is in use by another"), refused.getMessage());
            assertEquals("1", ask(database.target(), "SELECT 1"), "the first one goes on");
        }
    }

    @Test
    void shouldNameThePortWhenItIsTaken() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CliException refused = assertThrows(CliException.class, () -> start(other.getLocalPort()));
            assertEquals(
                    "port " + other.getLocalPort()
                            + " for the embedded PostgreSQL is taken: choose another with --database-port",
                    refused.getMessage());
        }
    }

    @Test
    void shouldStartAnewWhenAnInstallationWasNeverFinished() throws Exception {
        Files.createDirectories(home.resolve("pg18"));
        Files.writeString(home.resolve("pg18/postgresql.conf"), "half a line");
        Path programs;
        try (Stream<Path> unpacked = Files.list(once.resolve("programs"))) {
            programs = unpacked.findFirst().orElseThrow();
        }
        Path half = home.resolve("programs").resolve(programs.getFileName()).resolve("bin");
        Files.createDirectories(half);
        Files.writeString(half.resolve("initdb"), "half a program");
        try (EmbeddedDatabase database = EmbeddedDatabase.start(home, LoopbackPorts.free())) {
            assertEquals("1", ask(database.target(), "SELECT 1"));
            // The library would unpack around it. (In this JVM it has unpacked elsewhere before.)
            assertTrue(Files.notExists(half.resolve("initdb")));
        }
    }

    @Test
    void shouldStartWhenThePidFileNamesAProcessOfAnotherKind() throws Exception {
        installed();
        // Not this JVM: PostgreSQL knows better than to mind its own parents.
        Process other = new ProcessBuilder("sleep", "300").start();
        try {
            Files.writeString(
                    home.resolve("pg18/postmaster.pid"),
                    other.pid() + "\n" + home.resolve("pg18") + "\n0\n5432\n\n*\n0\nready\n");
            try (EmbeddedDatabase database = start()) {
                assertEquals("1", ask(database.target(), "SELECT 1"));
            }
            assertTrue(other.isAlive());
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void shouldSayWhatIsMissingWhenThePasswordIsGone() throws Exception {
        installed();
        Files.delete(home.resolve("pg18.pass"));
        CliException refused = assertThrows(CliException.class, this::start);
        assertTrue(refused.getMessage().startsWith(home.resolve("pg18.pass") + " is missing"), refused.getMessage());
    }

    @Test
    void shouldNameTheWayOutWhenRootCannotUnshare() {
        CliException refused =
                assertThrows(CliException.class, () -> EmbeddedDatabase.refuseRootWithoutUnshare("root", () -> false));
        assertTrue(refused.getMessage().contains("--database"), refused.getMessage());
        assertDoesNotThrow(() -> EmbeddedDatabase.refuseRootWithoutUnshare("root", () -> true));
        assertDoesNotThrow(() -> EmbeddedDatabase.refuseRootWithoutUnshare("ada", () -> false));
    }
}
