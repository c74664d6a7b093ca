package dev.everafter.pg;

import dev.everafter.core.EventLogException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;
import javax.sql.DataSource;

/**
 * Brings schema {@code everafter} to this program's version: each script once, in one transaction, under one lock, however
 * many programs try at the same time. A script that was released is never changed; a new one follows it.
 */
final class Migrations {
    private static final List<String> SCRIPTS =
            List.of("V001__log.sql", "V002__write.sql", "V003__capture.sql", "V004__tables.sql", "V005__revoke.sql");
    /** The oldest with pg_current_xact_id(). */
    private static final int OLDEST_SERVER = 130_000;

    private Migrations() {}

    static void run(DataSource source) throws SQLException {
        try (Connection connection = source.getConnection()) {
            requireServer(connection);
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            for (int version = 1; version <= SCRIPTS.size(); version++) {
                apply(connection, version, SCRIPTS.get(version - 1));
            }
        }
    }

    static void requireServer(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT current_setting('server_version_num')::int, current_setting('server_version'),"
                                + " current_setting('server_encoding')")) {
            row.next();
            if (row.getInt(1) < OLDEST_SERVER) {
                throw new EventLogException(
                        "PostgreSQL " + row.getString(2) + " is too old: everafter needs version 13 or newer", null);
            }
            if (row.getString(3).equals("SQL_ASCII")) {
                throw new EventLogException(
                        "the database's encoding is SQL_ASCII, which does not say what its bytes stand for, so filters"
                                + " would miss what matches: use a database with encoding UTF8",
                        null);
            }
        }
    }

    static boolean upToDate(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return exists(statement) && isApplied(connection, SCRIPTS.size());
        }
    }

    private static void apply(Connection connection, int version, String script) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            // the scripts are PostgreSQL's own syntax, without JDBC's {...}
            statement.setEscapeProcessing(false);
            statement.execute("SELECT pg_catalog.pg_advisory_xact_lock(" + Keys.CLASS + ", " + Keys.MIGRATION + ")");
            statement.execute("SET LOCAL search_path = pg_catalog, pg_temp");
            if (!exists(statement)) {
                statement.execute("CREATE SCHEMA IF NOT EXISTS everafter");
                statement.execute("CREATE TABLE everafter.migration (version integer PRIMARY KEY, script text NOT NULL,"
                        + " at timestamptz NOT NULL DEFAULT clock_timestamp())");
            }
            if (!isApplied(connection, version)) {
                statement.execute(read(script));
                try (PreparedStatement insert = connection.prepareStatement(
                        "INSERT INTO everafter.migration (version, script) VALUES (?, ?)")) {
                    insert.setInt(1, version);
                    insert.setString(2, script);
                    insert.execute();
                }
            }
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        }
    }

    private static boolean exists(Statement statement) throws SQLException {
        try (ResultSet row =
                statement.executeQuery("SELECT pg_catalog.to_regclass('everafter.migration') IS NOT NULL")) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private static boolean isApplied(Connection connection, int version) throws SQLException {
        try (PreparedStatement select =
                connection.prepareStatement("SELECT FROM everafter.migration WHERE version = ?")) {
            select.setInt(1, version);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next();
            }
        }
    }

    private static String read(String script) {
        try (InputStream in = Objects.requireNonNull(Migrations.class.getResourceAsStream("sql/" + script), script)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
