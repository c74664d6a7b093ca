package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Filter;
import dev.everafter.core.ReadLimits;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.TlsIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The driver's options for encryption and passwords reach both, the session that follows and the pool. */
@Timeout(60)
class TlsTest {
    private static TlsIdentity identity;
    private static PostgresFixture server;
    private static Db db;

    private final Counts counts = new Counts();

    @BeforeAll
    static void start(@TempDir Path ours) throws Exception {
        identity = TlsIdentity.create(ours);
        server = PostgresFixture.builder()
                .tls(identity)
                .access("hostssl all alice 127.0.0.1/32 scram-sha-256")
                .access("hostnossl all alice 127.0.0.1/32 reject")
                .build();
        db = Db.installed(server);
        db.execute(
                "CREATE ROLE alice LOGIN PASSWORD 'wonder'",
                "GRANT USAGE ON SCHEMA everafter TO alice",
                "GRANT SELECT ON ALL TABLES IN SCHEMA everafter TO alice",
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA everafter TO alice",
                "GRANT INSERT, UPDATE ON everafter.epoch TO alice",
                "GRANT EXECUTE ON FUNCTION everafter.new_epoch(bigint) TO alice");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String url(String mode, Path authority) {
        return db.url.replace("user=postgres", "user=alice") + "&sslmode=" + mode + "&sslrootcert=" + authority;
    }

    private PgEventLog log(String url) {
        return PgEventLog.builder()
                .dataSource(server.dataSource(url))
                .tailer(url, new Properties())
                .listener(counts)
                .build();
    }

    private void assertFollows(String url) throws Exception {
        try (PgEventLog log = log(url);
                Tail tail = Tail.started(log)) {
            db.execute("SELECT everafter.emit('t', 'x', '{\"v\":\"1\"}')");
            tail.awaitEvents(1);
            long before = tail.first().head();
            assertEquals(
                    tail.events(),
                    log.read(before, tail.head(), Filter.all(), new ReadLimits(10, 1 << 20))
                            .events());
            // The session of the log before is closed, but its backend may take a moment to end.
            await().until(() -> db.number("SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)"
                            + " WHERE s.ssl AND a.usename = 'alice' AND a.application_name = 'everafter tailer'")
                    == 1);
        }
    }

    private void assertRefused(String url, String because) throws Exception {
        try (PgEventLog log = log(url);
                Tail tail = Tail.of(log)) {
            await().until(() -> counts.lost.get() > 0);
            String problem = log.status().problem().orElseThrow();
            assertTrue(problem.contains(because), problem);
            assertEquals(0, tail.events().size());
        }
    }

    @Test
    void shouldFollowEncryptedWhenTheCertificateIsTrusted() throws Exception {
        assertFollows(url("verify-ca", identity.certificate()) + "&password=wonder");
        assertFollows(url("verify-full", identity.certificate()) + "&password=wonder");
    }

    @Test
    void shouldRefuseAServerWhoseCertificateIsNotTrusted(@TempDir Path another) throws Exception {
        Path wrong = TlsIdentity.create(another).certificate();
        assertRefused(url("verify-ca", wrong) + "&password=wonder", "SSL");
    }

    @Test
    void shouldSayThatThePasswordIsWrong() throws Exception {
        assertRefused(url("require", identity.certificate()) + "&password=w", "password authentication failed");
    }

    @Test
    void shouldSayThatEncryptionIsAskedFor() throws Exception {
        assertRefused(
                db.url.replace("user=postgres", "user=alice") + "&sslmode=disable&password=wonder", "no encryption");
    }

    @Test
    void shouldTakeThePasswordFromAFile(@TempDir Path ours) throws Exception {
        Path file = ours.resolve("pgpass");
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, "127.0.0.1:" + server.port() + ":*:alice:wonder\n");
        String url = url("require", identity.certificate());
        System.setProperty("org.postgresql.pgpassfile", file.toString());
        try {
            assertFollows(url);
        } finally {
            System.clearProperty("org.postgresql.pgpassfile");
        }
    }

    @Test
    void shouldTakeEverythingFromAService(@TempDir Path ours) throws Exception {
        Path file = ours.resolve("services");
        String database = db.url.replaceAll(".*/([^/?]+)\\?.*", "$1");
        Files.writeString(
                file,
                "[shop]\nhost=127.0.0.1\nport=" + server.port() + "\ndbname=" + database
                        + "\nuser=alice\npassword=wonder\nsslmode=require\n");
        System.setProperty("org.postgresql.pgservicefile", file.toString());
        try {
            assertFollows("jdbc:postgresql://?service=shop");
        } finally {
            System.clearProperty("org.postgresql.pgservicefile");
        }
    }
}
