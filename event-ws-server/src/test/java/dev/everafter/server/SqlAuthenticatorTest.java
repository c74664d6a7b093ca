package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A query of the operator's, on a real database. */
class SqlAuthenticatorTest {
    private static final String PLAIN = "SELECT subject, expires, attributes FROM token t WHERE t.value = :token::text";
    private static final String HASHED = "SELECT subject FROM token WHERE hash = decode(:sha256, 'hex')";
    private static final Decision REFUSED = Decision.refused("the token is not valid");

    private final DataSource database =
            PostgresFixture.shared().dataSource(PostgresFixture.shared().newDatabase());
    private final AtomicLong nanos = new AtomicLong();

    @BeforeEach
    void createTable() throws SQLException {
        execute("CREATE TABLE token (value text, hash bytea, subject text, expires timestamptz, attributes jsonb)");
        execute(
                "INSERT INTO token VALUES ('plain', sha256('hashed'), 'alice', '2027-01-01T00:00:00Z', '{\"n\": [1]}')");
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private SqlAuthenticator authenticator(String query) {
        return SqlAuthenticator.of(database, query, Duration.ofSeconds(5), nanos::get);
    }

    private static Decision decide(SqlAuthenticator authenticator, String token) {
        return authenticator
                .authenticate(BearerToken.parse(token).orElseThrow())
                .toCompletableFuture()
                .join();
    }

    @Test
    void shouldNameThePrincipalWhenTheQueryFindsTheToken() {
        SqlAuthenticator authenticator = authenticator(PLAIN);
        Principal principal = assertInstanceOf(Decision.Accepted.class, decide(authenticator, "plain"))
                .principal();
        assertEquals("alice", principal.subject());
        assertEquals(Optional.of(Instant.parse("2027-01-01T00:00:00Z")), principal.expiresAt());
        assertEquals("[1]", String.valueOf(principal.attributes().get("n")));
        assertEquals(REFUSED, decide(authenticator, "hashed"));
        assertEquals(REFUSED, decide(authenticator, "plain'OR'1'='1"));
    }

    @Test
    void shouldShowTheDatabaseTheHashAloneWhenTheQueryAsksForThat() {
        SqlAuthenticator authenticator = authenticator(HASHED);
        assertEquals(Decision.accepted(Principal.of("alice")), decide(authenticator, "hashed"));
        assertEquals(REFUSED, decide(authenticator, "plain"));
    }

    @Test
    void shouldAskAgainOnlyAfterAWhileWhenATokenIsShownAgain() throws SQLException {
        SqlAuthenticator authenticator = authenticator(HASHED);
        decide(authenticator, "hashed");
        execute("DELETE FROM token");
        nanos.addAndGet(Duration.ofSeconds(5).toNanos() - 1);
        assertEquals(Decision.accepted(Principal.of("alice")), decide(authenticator, "hashed"));
        nanos.addAndGet(1);
        assertEquals(REFUSED, decide(authenticator, "hashed"));
    }

    @Test
    void shouldBlameNoTokenWhenTheAnswerIsNotOneThatAQueryMayGive() throws SQLException {
        execute("INSERT INTO token VALUES ('twice', NULL, 'a'), ('twice', NULL, 'b'), ('nobody', NULL, NULL)");
        execute("INSERT INTO token VALUES ('odd', NULL, 'c', NULL, '[1]')");
        String query = "SELECT subject, attributes FROM token WHERE value = :token";
        for (String token : new String[] {"twice", "nobody", "odd"}) {
            assertInstanceOf(Decision.Unavailable.class, decide(authenticator(query), token), token);
        }
        assertInstanceOf(
                Decision.Unavailable.class, decide(authenticator("SELECT 1 FROM token WHERE value = :token"), "plain"));
        assertInstanceOf(Decision.Unavailable.class, decide(authenticator("SELECT nonsense(:token)"), "plain"));
    }

    @Test
    void shouldRememberNoFailureWhenTheDatabaseIsAway() throws SQLException {
        execute("ALTER TABLE token RENAME TO elsewhere");
        SqlAuthenticator authenticator = authenticator(HASHED);
        assertInstanceOf(Decision.Unavailable.class, decide(authenticator, "hashed"));
        execute("ALTER TABLE elsewhere RENAME TO token");
        assertEquals(Decision.accepted(Principal.of("alice")), decide(authenticator, "hashed"));
    }

    @Test
    void shouldForgetTheOldestWhenMoreTokensAreShownThanItRemembers() {
        SqlAuthenticator authenticator = authenticator("SELECT :token AS subject");
        for (int i = 0; i < SqlAuthenticator.MAX_REMEMBERED + 10; i++) {
            authenticator.remember(BearerToken.parse("t" + i).orElseThrow().sha256(), REFUSED, 0);
        }
        assertEquals(SqlAuthenticator.MAX_REMEMBERED, authenticator.remembered());
    }

    @Test
    void shouldRefuseAQueryThatAsksForNoToken() {
        assertThrows(IllegalArgumentException.class, () -> authenticator("SELECT 'alice' AS subject"));
        assertThrows(IllegalArgumentException.class, () -> authenticator("SELECT x::token AS subject"));
    }
}
