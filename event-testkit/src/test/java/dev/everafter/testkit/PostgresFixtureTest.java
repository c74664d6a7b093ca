package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class PostgresFixtureTest {
    @Test
    void shouldGiveEachTestAnEmptyDatabaseOfItsOwnWhenShared() throws SQLException {
        PostgresFixture postgres = PostgresFixture.shared();
        String one = postgres.newDatabase();
        String two = postgres.newDatabase();
        assertNotEquals(one, two);

        execute(postgres, one, "CREATE TABLE only_here()");

        assertEquals("1", query(postgres, one, "SELECT count(*) FROM pg_class WHERE relname = 'only_here'"));
        assertEquals("0", query(postgres, two, "SELECT count(*) FROM pg_class WHERE relname = 'only_here'"));
        assertEquals("off", query(postgres, one, "SHOW fsync"));
        assertEquals("on", query(postgres, one, "SHOW synchronous_commit"));
    }

    @Test
    void shouldRunTheVersionThatWasAskedFor() throws SQLException {
        PostgresFixture postgres = PostgresFixture.shared();
        String asked = System.getProperty("pg", "");
        String major = query(postgres, postgres.jdbcUrl(), "SELECT current_setting('server_version_num')::int / 10000");
        if (asked.equals("system")) {
            assertTrue(postgres.bin().endsWith(Path.of(major, "bin")), postgres.bin() + " runs " + major);
        } else {
            assertEquals(asked.isBlank() ? "18" : asked, major);
        }
    }

    @Test
    void shouldKeepItsPortAndWhatWasCommittedWhenRestartedOrCrashed() throws SQLException {
        Path folder;
        try (PostgresFixture postgres = PostgresFixture.builder()
                .durable()
                .setting("max_prepared_transactions", "7")
                .build()) {
            String url = postgres.newDatabase();
            folder = Path.of(query(postgres, url, "SHOW data_directory")).getParent();
            assertEquals("7", query(postgres, url, "SHOW max_prepared_transactions"));
            assertEquals("on", query(postgres, url, "SHOW fsync"));
            execute(postgres, url, "CREATE TABLE t(n int)");
            execute(postgres, url, "INSERT INTO t VALUES (1)");

            postgres.restart();
            assertEquals("1", query(postgres, url, "SELECT count(*) FROM t"));

            execute(postgres, url, "INSERT INTO t VALUES (2)");
            postgres.stopImmediately();
            assertThrows(SQLException.class, () -> query(postgres, url, "SELECT 1"));
            postgres.start();
            assertEquals("2", query(postgres, url, "SELECT count(*) FROM t"));
            assertTrue(postgres.logTail().contains("not properly shut down"), postgres.logTail());
        }
        assertFalse(Files.exists(folder), () -> folder + " was left behind");
    }

    @Test
    void shouldLoseWhatWasCommittedAsynchronouslyWhenCrashed() throws SQLException {
        try (PostgresFixture postgres =
                PostgresFixture.builder().setting("wal_writer_delay", "10s").build()) {
            String url = postgres.newDatabase();
            execute(postgres, url, "CREATE TABLE t(n int)");
            execute(postgres, url, "SET synchronous_commit = off; INSERT INTO t VALUES (1)");
            assertEquals("1", query(postgres, url, "SELECT count(*) FROM t"));

            postgres.stopImmediately();
            postgres.start();

            assertEquals("0", query(postgres, url, "SELECT count(*) FROM t"));
        }
    }

    @Test
    void shouldGoBackWhenItsDataIsRestored() throws SQLException {
        try (PostgresFixture postgres = PostgresFixture.builder().build()) {
            String url = postgres.newDatabase();
            execute(postgres, url, "CREATE TABLE t(n int)");
            postgres.stop();
            Path backup = postgres.copyData();
            postgres.start();
            execute(postgres, url, "INSERT INTO t VALUES (1)");
            postgres.stop();

            postgres.restoreData(backup);
            postgres.start();

            assertEquals("0", query(postgres, url, "SELECT count(*) FROM t"));
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenTheJvmIsKilled() throws IOException {
        Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dpg=" + System.getProperty("pg", ""),
                        "-cp",
                        System.getProperty("java.class.path"),
                        AbandonedPostgres.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader output = jvm.inputReader()) {
            int port = Integer.parseInt(String.valueOf(output.readLine()));
            Path folder = Path.of(String.valueOf(output.readLine()));
            assertTrue(Files.exists(folder.resolve("data/postmaster.pid")), folder + " of " + port);

            jvm.destroyForcibly();

            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !Files.exists(folder));
            assertThrows(ConnectException.class, () -> new Socket(InetAddress.getLoopbackAddress(), port).close());
        } finally {
            jvm.destroyForcibly();
        }
    }

    private static void execute(PostgresFixture postgres, String url, String sql) throws SQLException {
        try (Connection connection = postgres.dataSource(url).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String query(PostgresFixture postgres, String url, String sql) throws SQLException {
        try (Connection connection = postgres.dataSource(url).getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next());
            return rows.getString(1);
        }
    }
}
