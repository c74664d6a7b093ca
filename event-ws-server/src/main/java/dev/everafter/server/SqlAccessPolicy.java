package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterException;
import dev.everafter.core.FilterJson;
import dev.everafter.core.FilterText;
import dev.everafter.server.spi.AccessPolicy;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.spi.JsonProvider;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.sql.DataSource;

/**
 * Asks a database what a principal may see, by a query of the operator's, each time. {@code :subject} in it stands for the
 * subject, {@code :attributes} for all attributes as the text of one JSON object.
 *
 * <p>Each row's first column is a filter, in its JSON form or as text; what any of them shows is seen. No row, or only
 * rows that are null: nothing is seen. Anything else, a single row that is no filter included, is a failure, and nobody is
 * let in by it.
 *
 * <p>Safe for use by any thread; blocks while it asks, for at most the data source's own time limits and 4 s a query.
 */
public final class SqlAccessPolicy implements AccessPolicy {
    static final int MAX_ROWS = 1_000;
    private static final int QUERY_SECONDS = 4;
    private static final JsonProvider JSON = JsonProvider.provider();

    private final DataSource database;
    private final NamedParameters query;

    private SqlAccessPolicy(DataSource database, NamedParameters query) {
        this.database = database;
        this.query = query;
    }

    /**
     * Asks {@code database} by {@code query}.
     *
     * @throws IllegalArgumentException if the query has neither {@code :subject} nor {@code :attributes}
     */
    public static SqlAccessPolicy of(DataSource database, String query) {
        NamedParameters parsed = NamedParameters.parse(query, "subject", "attributes");
        if (parsed.names().isEmpty()) {
            throw new IllegalArgumentException(
                    "the query shows the same to everybody: put :subject or :attributes where it belongs");
        }
        return new SqlAccessPolicy(database, parsed);
    }

    @Override
    public CompletionStage<Filter> visibility(Principal principal) {
        try {
            return CompletableFuture.completedFuture(ask(principal));
        } catch (SQLException | FilterException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private Filter ask(Principal principal) throws SQLException {
        JsonObjectBuilder attributes = JSON.createObjectBuilder();
        principal.attributes().forEach(attributes::add);
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(query.sql())) {
            statement.setQueryTimeout(QUERY_SECONDS);
            statement.setMaxRows(MAX_ROWS + 1);
            query.set(
                    statement,
                    Map.of(
                            "subject",
                            principal.subject(),
                            "attributes",
                            attributes.build().toString()));
            List<Filter> seen = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    Optional.ofNullable(row.getString(1))
                            .map(SqlAccessPolicy::filter)
                            .ifPresent(seen::add);
                    if (row.getRow() > MAX_ROWS) {
                        throw new FilterException("the query gives more than " + MAX_ROWS + " rows");
                    }
                }
            }
            return new Filter.Or(seen);
        }
    }

    private static Filter filter(String text) {
        if (!text.strip().startsWith("[")) {
            return FilterText.parse(text);
        }
        Filter filter = FilterJson.parse(text);
        if (filter.canonical().equals(Filter.all().canonical())) {
            // What an aggregate makes of no rows must not be what shows everything.
            throw new FilterException("a filter without conditions: everything is shown by the text true alone");
        }
        return filter;
    }
}
