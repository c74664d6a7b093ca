package dev.everafter.cli;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A database to connect to. Its text form is made of host, port and database alone, so no password ever gets into a
 * message or a log by way of it.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class DatabaseTarget {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseTarget.class);
    private static final String FORM = "jdbc:postgresql://HOST:PORT/DATABASE";

    private final String url;
    private final @Nullable String user;
    private final @Nullable String password;
    private final String text;

    private DatabaseTarget(String url, @Nullable String user, @Nullable String password, String text) {
        this.url = url;
        this.user = user;
        this.password = password;
        this.text = text;
    }

    /** What {@code url} names; the user and password it lacks come from PGUSER and PGPASSWORD, as for psql. */
    static DatabaseTarget parse(String url, Map<String, String> environment) {
        return of(url, environment.get("PGUSER"), environment.get("PGPASSWORD"));
    }

    /**
     * What {@code url} names, with {@code user} and {@code password} where the URL has none.
     *
     * @throws CliException if {@code url} is none of PostgreSQL's
     */
    static DatabaseTarget of(String url, @Nullable String user, @Nullable String password) {
        // A URL that isn't understood may hold a password anywhere, so it isn't repeated beyond its scheme.
        if (!url.startsWith("jdbc:postgresql:")) {
            throw unusable("it starts with \"" + scheme(url) + "\"", "");
        }
        if (url.split("[?]", 2)[0].contains("@")) {
            throw unusable("it has an \"@\" in it", ", with the user in PGUSER and the password in PGPASSWORD");
        }
        PGSimpleDataSource parsed = new PGSimpleDataSource();
        try {
            parsed.setUrl(url);
        } catch (IllegalArgumentException e) {
            throw unusable("it can't be read", "");
        }
        String text = "jdbc:postgresql://" + parsed.getServerNames()[0] + ":" + parsed.getPortNumbers()[0] + "/"
                + Optional.ofNullable(parsed.getDatabaseName()).orElse("");
        return new DatabaseTarget(
                url,
                Optional.ofNullable(parsed.getUser()).orElse(user),
                Optional.ofNullable(parsed.getPassword()).orElse(password),
                text);
    }

    private static String scheme(String url) {
        int colon = url.indexOf(':');
        return colon < 0 ? "" : url.substring(0, Math.min(colon + 1, 24));
    }

    private static CliException unusable(String why, String advice) {
        return new CliException(
                ExitCodes.USAGE, "--database can't be used, " + why + ": expected " + FORM + advice, null);
    }

    /** Opens a new connection for each request; {@code application} is what pg_stat_activity shows. */
    PGSimpleDataSource dataSource(String application) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url);
        if (user != null) {
            source.setUser(user);
        }
        if (password != null) {
            source.setPassword(password);
        }
        source.setApplicationName(application);
        source.setTcpKeepAlive(true);
        return source;
    }

    /**
     * As {@link #dataSource(String)}; a server that doesn't answer within {@code patience} is given up, unless the URL
     * says {@code socketTimeout} itself.
     */
    PGSimpleDataSource dataSource(String application, Duration patience) {
        PGSimpleDataSource source = dataSource(application);
        if (source.getSocketTimeout() == 0) {
            source.setSocketTimeout((int) patience.toSeconds());
        }
        return source;
    }

    /**
     * Connects once.
     *
     * @throws CliException with what to do, if that can't be done
     */
    void check() {
        try (Connection connection = dataSource("everafter check").getConnection()) {
            LOG.debug("{} is PostgreSQL {}", text, connection.getMetaData().getDatabaseProductVersion());
        } catch (SQLException e) {
            String state = String.valueOf(e.getSQLState());
            String wayOut = state.startsWith("28") || state.equals("08004")
                    ? "; say who you are with PGUSER and PGPASSWORD, or user= and password= in the URL"
                    : state.equals("3D000") ? "; create it, or name another" : "";
            throw new CliException("can't connect to " + text + ": " + e.getMessage() + wayOut, e);
        }
    }

    /** Host, port and database. */
    @Override
    public String toString() {
        return text;
    }
}
