package dev.everafter.server;

import dev.everafter.server.spi.Authenticator;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonException;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import javax.sql.DataSource;

/**
 * Asks a database whose a token is, by a query of the operator's. {@code :token} in it stands for the token and {@code
 * :sha256} for its SHA-256 in lower-case hexadecimal digits, so a table that holds only hashes is asked for a hash, and
 * the token itself never leaves this process.
 *
 * <p>No row: the token is nobody's. One row: column {@code subject} says whose; {@code expires} (timestamptz), if there is
 * one and it isn't null, until when; {@code attributes} (a JSON object), if there is one, what else is known. Anything
 * else, and every error, accepts nobody. An answer is remembered for a short time, which is how long a token that was
 * taken back is still accepted.
 *
 * <p>Safe for use by any thread; blocks while it asks, for at most the data source's own time limits and 4 s a query.
 */
public final class SqlAuthenticator implements Authenticator {
    /** How many answers are remembered at most. */
    static final int MAX_REMEMBERED = 10_000;

    private static final int QUERY_SECONDS = 4;
    private static final JsonProvider JSON = JsonProvider.provider();

    private final DataSource database;
    private final NamedParameters query;
    private final Duration remember;
    private final LongSupplier ticker;
    private final Map<String, Remembered> answers = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Remembered> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    /** What was asked for in an earlier one isn't remembered any more. */
    private final AtomicLong era = new AtomicLong();

    private record Remembered(Decision decision, long until) {}

    private SqlAuthenticator(DataSource database, String query, Duration remember, LongSupplier ticker) {
        this.query = NamedParameters.parse(query, "token", "sha256");
        if (this.query.names().isEmpty()) {
            throw new IllegalArgumentException("the query asks for no token: put :sha256 or :token where it belongs");
        }
        this.database = database;
        this.remember = remember;
        this.ticker = ticker;
    }

    /**
     * Asks {@code database} by {@code query}, and remembers each answer for {@code remember}, which may be zero.
     *
     * @throws IllegalArgumentException if the query has neither {@code :token} nor {@code :sha256}
     */
    public static SqlAuthenticator of(DataSource database, String query, Duration remember) {
        return of(database, query, remember, System::nanoTime);
    }

    static SqlAuthenticator of(DataSource database, String query, Duration remember, LongSupplier ticker) {
        if (remember.isNegative() || remember.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("answers can't be remembered for " + remember + ": expected 0..1 h");
        }
        return new SqlAuthenticator(database, query, remember, ticker);
    }

    @Override
    public CompletionStage<Decision> authenticate(BearerToken token) {
        String hash = token.sha256();
        Optional<Decision> known = remembered(hash);
        if (known.isPresent()) {
            return CompletableFuture.completedFuture(known.get());
        }
        long begun = era.get();
        Decision decision;
        try {
            decision = ask(token, hash);
        } catch (SQLException e) {
            return CompletableFuture.completedFuture(Decision.unavailable(
                    "tokens can't be looked up now (SQL state " + e.getSQLState() + "): try again later"));
        }
        if (!(decision instanceof Decision.Unavailable)) {
            remember(hash, decision, begun);
        }
        return CompletableFuture.completedFuture(decision);
    }

    @Override
    public void forget() {
        era.incrementAndGet();
        synchronized (answers) {
            answers.clear();
        }
    }

    void remember(String hash, Decision decision, long begun) {
        synchronized (answers) {
            if (begun != era.get()) {
                return;
            }
            answers.put(hash, new Remembered(decision, ticker.getAsLong() + remember.toNanos()));
        }
    }

    /** How many answers are remembered. */
    int remembered() {
        synchronized (answers) {
            return answers.size();
        }
    }

    private Optional<Decision> remembered(String hash) {
        synchronized (answers) {
            return Optional.ofNullable(answers.get(hash))
                    .filter(known -> ticker.getAsLong() - known.until() < 0)
                    .map(Remembered::decision);
        }
    }

    private Decision ask(BearerToken token, String hash) throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(query.sql())) {
            statement.setQueryTimeout(QUERY_SECONDS);
            statement.setMaxRows(2);
            query.set(statement, Map.of("sha256", hash, "token", token.value()));
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return Decision.refused("the token is not valid");
                }
                Optional<Principal> principal = principal(row);
                // Two rows would leave it to chance who it is.
                return principal.isPresent() && !row.next()
                        ? Decision.accepted(principal.get())
                        : Decision.unavailable(
                                "tokens can't be looked up: the query's answer is not one that it may give");
            }
        }
    }

    private static Optional<Principal> principal(ResultSet row) throws SQLException {
        Set<String> columns = columns(row.getMetaData());
        Optional<String> subject = text(columns, row, "subject").filter(name -> !name.isEmpty());
        Optional<Map<String, JsonValue>> attributes = attributes(text(columns, row, "attributes"));
        if (subject.isEmpty() || attributes.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Principal(subject.get(), attributes.get(), expires(columns, row)));
    }

    private static Set<String> columns(ResultSetMetaData meta) throws SQLException {
        Set<String> names = new HashSet<>();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
            names.add(meta.getColumnLabel(i).toLowerCase(Locale.ROOT));
        }
        return names;
    }

    private static Optional<String> text(Set<String> columns, ResultSet row, String name) throws SQLException {
        return columns.contains(name) ? Optional.ofNullable(row.getString(name)) : Optional.empty();
    }

    private static Optional<Instant> expires(Set<String> columns, ResultSet row) throws SQLException {
        return columns.contains("expires")
                ? Optional.ofNullable(row.getObject("expires", OffsetDateTime.class))
                        .map(OffsetDateTime::toInstant)
                : Optional.empty();
    }

    /** Empty if it isn't an object. */
    private static Optional<Map<String, JsonValue>> attributes(Optional<String> json) {
        if (json.isEmpty()) {
            return Optional.of(Map.of());
        }
        try {
            return Optional.of(JSON.createReader(new StringReader(json.get())).readObject());
        } catch (JsonException e) {
            return Optional.empty();
        }
    }
}
