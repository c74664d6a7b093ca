package dev.everafter.server;

import dev.everafter.core.RawJson;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.sql.DataSource;

/**
 * A function of a database, {@code f(jsonb) RETURNS jsonb}, called for many values by one statement. It gives a result for
 * each value or fails for all of them; its transactions are read-only. It is found once, by its schema and name, so
 * nobody's search path changes later which one is called; what is called is what has that name by then.
 *
 * <p>Safe for use by any thread, which it blocks: for the data source's own time limits, and {@value #SECONDS} s a statement.
 */
final class SqlFunction {
    /** What one statement is given at most, unless a single value is larger. */
    static final int MAX_BYTES = 1 << 20;

    private static final int SECONDS = 4;
    /** insufficient_privilege, in PostgreSQL's appendix A. */
    private static final String FORBIDDEN = "42501";

    private static final String PART = "([A-Za-z_][A-Za-z0-9_$]*|\"[^\"\\x00]+\")";
    private static final Pattern NAME = Pattern.compile(PART + "(\\." + PART + ")?");
    private static final String FIND = """
            SELECT format('%I.%I', n.nspname, p.proname),
                   p.prokind = 'f' AND NOT p.proretset AND p.prorettype = 'jsonb'::regtype,
                   has_function_privilege(p.oid, 'EXECUTE')
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE p.oid = to_regprocedure(?)""";

    private final DataSource database;
    private final String name;

    private SqlFunction(DataSource database, String name) {
        this.database = database;
        this.name = name;
    }

    /** Whether {@code text} is a function's name as SQL has it, perhaps with its schema. */
    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /**
     * Finds the function of this name.
     *
     * @throws IllegalArgumentException if there is none that can be called so; the message says what to do
     * @throws IllegalStateException if that can't be told now
     */
    static SqlFunction find(DataSource database, String name) {
        try (Connection connection = database.getConnection();
                PreparedStatement find = connection.prepareStatement(FIND)) {
            find.setQueryTimeout(SECONDS);
            find.setString(1, name + "(jsonb)");
            try (ResultSet row = find.executeQuery()) {
                if (!row.next()) {
                    throw new IllegalArgumentException("the database has no function " + name
                            + "(jsonb): create it there, as CREATE FUNCTION " + name
                            + "(jsonb) RETURNS jsonb, or correct its name in the file");
                }
                String found = row.getString(1);
                if (!row.getBoolean(2)) {
                    throw new IllegalArgumentException(
                            "the function " + found + "(jsonb) doesn't return one jsonb for each call:"
                                    + " it has to be declared RETURNS jsonb, not SETOF, and no procedure or aggregate");
                }
                if (!row.getBoolean(3)) {
                    throw forbidden(found, "its EXECUTE was revoked");
                }
                return new SqlFunction(database, found);
            }
        } catch (SQLException e) {
            throw FORBIDDEN.equals(e.getSQLState())
                    ? forbidden(name, reason(e))
                    : new IllegalStateException("the function " + name + " can't be looked up: " + reason(e), e);
        }
    }

    private static IllegalArgumentException forbidden(String name, String why) {
        return new IllegalArgumentException(
                "the function " + name + "(jsonb) may not be called by the user of this database, " + why
                        + ": GRANT USAGE ON its SCHEMA, and EXECUTE ON the FUNCTION, to that user");
    }

    /**
     * What it makes of each of {@code values}, in their order; empty where that is null.
     *
     * @throws IllegalStateException if it has no result for one of them, for whatever reason
     */
    List<Optional<RawJson>> call(List<RawJson> values) {
        List<Optional<RawJson>> results = new ArrayList<>(values.size());
        try (Connection connection = database.getConnection()) {
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            try {
                limitTime(connection);
                for (int from = 0; from < values.size(); from = results.size()) {
                    call(connection, values.subList(from, end(values, from)), results);
                }
            } finally {
                connection.rollback();
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the function " + name + " failed: " + reason(e), e);
        }
        return results;
    }

    private static int end(List<RawJson> values, int from) {
        long bytes = 0;
        int end = from;
        while (end < values.size() && (end == from || bytes + values.get(end).length() <= MAX_BYTES)) {
            bytes += values.get(end).length();
            end++;
        }
        return end;
    }

    /** The database keeps to it by itself, even where nobody hears a driver's request to cancel. */
    private static void limitTime(Connection connection) throws SQLException {
        try (PreparedStatement limit = connection.prepareStatement("SELECT set_config('statement_timeout', ?, true)")) {
            limit.setString(1, SECONDS + "s");
            limit.execute();
        }
    }

    private void call(Connection connection, List<RawJson> values, List<Optional<RawJson>> results)
            throws SQLException {
        Array given = connection.createArrayOf(
                "jsonb", values.stream().map(RawJson::toString).toArray());
        try (PreparedStatement call = connection.prepareStatement("SELECT " + name
                + "(given.v)::text FROM unnest(?::jsonb[]) WITH ORDINALITY AS given (v, n) ORDER BY given.n")) {
            call.setArray(1, given);
            try (ResultSet row = call.executeQuery()) {
                while (row.next()) {
                    results.add(Optional.ofNullable(row.getString(1)).map(RawJson::of));
                }
            }
        } finally {
            given.free();
        }
    }

    /** Without details, which may quote values. */
    private static String reason(SQLException e) {
        String message = String.valueOf(e.getMessage());
        return message.lines().findFirst().orElse("") + " (SQL state " + e.getSQLState() + ")";
    }
}
