package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterText;
import dev.everafter.server.spi.Principal;
import dev.everafter.testkit.PostgresFixture;
import jakarta.json.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a query of the operator's shows, on a real database. */
class SqlAccessPolicyTest {
    private final DataSource database =
            PostgresFixture.shared().dataSource(PostgresFixture.shared().newDatabase());
    private final Principal bob =
            new Principal("bob' OR true --", Map.of("team", Json.createValue("red")), Optional.empty());

    @BeforeEach
    void createTable() throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE visible (subject text, filter text)");
            statement.execute("""
                    INSERT INTO visible VALUES
                        ('bob'' OR true --', 'topic = ''a'''),
                        ('bob'' OR true --', '["data.owner","=","bob"]'),
                        ('bob'' OR true --', NULL), ('eve', 'true'), ('nul', NULL)""");
        }
    }

    private Filter visibility(String query, Principal principal) {
        return SqlAccessPolicy.of(database, query)
                .visibility(principal)
                .toCompletableFuture()
                .join()
                .canonical();
    }

    private static Filter text(String filter) {
        return FilterText.parse(filter).canonical();
    }

    @Test
    void shouldShowWhatAnyRowShows() {
        String query = "SELECT filter FROM visible WHERE subject = :subject::text";
        assertEquals(text("topic = 'a' or data.owner = 'bob'"), visibility(query, bob));
        assertEquals(text("true"), visibility(query, Principal.of("eve")));
        assertEquals(text("false"), visibility(query, Principal.of("nobody")));
        assertEquals(text("false"), visibility(query, Principal.of("nul")));
    }

    @Test
    void shouldGiveTheAttributesAsAParameter() {
        String query = "SELECT jsonb_build_array('data.team', '=', :attributes::jsonb -> 'team')";
        assertEquals(text("data.team = 'red'"), visibility(query, bob));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 'no filter' WHERE :subject <> ''",
                "SELECT f FROM (VALUES ('true'), ('topic ~ 1')) v (f) WHERE :subject <> ''",
                "SELECT coalesce(jsonb_agg(filter), '[]') FROM visible WHERE false AND :subject <> ''",
                "SELECT '[\"and\"]' WHERE :subject <> ''",
                "SELECT missing FROM visible WHERE subject = :subject",
                "SELECT 'topic = ''a''' FROM generate_series(1, 1001) WHERE :subject <> ''",
                "SELECT '' WHERE :subject <> ''"
            })
    void shouldFailWhenTheAnswerIsNoFilter(String query) {
        assertThrows(CompletionException.class, () -> visibility(query, bob));
    }

    @Test
    void shouldRefuseAQueryThatDoesNotAskForThePrincipal() {
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> SqlAccessPolicy.of(database, "SELECT 'true'::subject"));
        assertTrue(String.valueOf(e.getMessage()).contains(":subject"), e.getMessage());
    }
}
