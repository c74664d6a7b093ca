package dev.everafter.pg;

import dev.everafter.core.EventLogException;
import dev.everafter.core.RawJson;
import jakarta.json.spi.JsonProvider;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The log's objects in a database: all of them in schema {@code everafter}, but for the triggers on captured tables.
 *
 * <p>A captured change and an emitted event belong to their transaction: they are in the log exactly if it commits.
 *
 * <p>What escapes capture: TRUNCATE, DROP and DETACH of a single partition, and changes that triggers don't see (DISABLE
 * TRIGGER). Where a row trigger changes other rows of the same table in the middle of a statement, or one statement deletes
 * and inserts the same key ({@code WITH .. DELETE .. INSERT}), the events of one row may be in the wrong order; the option
 * form=row avoids the latter. A captured table may be altered, renamed, moved and dropped; the SQL function {@code
 * everafter.capture_status()} names those that had better be captured again. docs/capture.md says what each of it does.
 *
 * <p>Whom it trusts: a column's type may have a cast to json of its owner's making, which capture runs. Where the log's
 * owner is a superuser it runs with the rights of the role {@code everafter_nobody}, which has none; elsewhere only tables
 * whose owner, and the owners of whose types, are the log's owner or superusers can be captured.
 *
 * <p>Safe for use by any thread, with the {@link Connection}s given by one thread at a time.
 */
public final class LogSchema {
    private static final JsonProvider JSON = JsonProvider.provider();
    /** Characters in one call of emit_all; a jsonb value takes 256 MiB at most. */
    private static final int BATCH = 1 << 20;

    private final DataSource source;

    private LogSchema(DataSource source) {
        this.source = source;
    }

    /** The log of the database that {@code source} leads to. */
    public static LogSchema of(DataSource source) {
        return new LogSchema(source);
    }

    /**
     * Creates the log's objects, or brings them up to date. Does nothing where that is done; any number of programs may
     * call it at once. The role must be allowed to create a schema, and owns what is made.
     *
     * @throws EventLogException if it can't be done
     */
    public void install() {
        try {
            Migrations.run(source);
        } catch (SQLException e) {
            throw Sql.explain("could not install the log", e);
        }
    }

    /**
     * Whether everything is there that this program needs.
     *
     * @throws EventLogException if the database is out of reach
     */
    public boolean isInstalled() {
        try (Connection connection = source.getConnection()) {
            return Migrations.upToDate(connection);
        } catch (SQLException e) {
            throw Sql.explain("could not look for the log", e);
        }
    }

    /**
     * Makes every later change of {@code table} an event. Called again it renews the triggers.
     *
     * @param table as SQL spells it: {@code orders}, {@code sales."Order"}
     * @throws EventLogException if there is no such table, it has no primary key and none is
     *     given, its owner is not to be trusted, or another transaction keeps it locked
     *     for 5 s
     */
    public void capture(String table) {
        capture(table, CaptureOptions.defaults());
    }

    /**
     * Like {@link #capture(String)}, with options.
     *
     * @throws EventLogException also if an option doesn't fit the table
     */
    public void capture(String table, CaptureOptions options) {
        call(
                "SELECT everafter.capture(?::regclass, ?::jsonb)",
                "could not capture " + table,
                table,
                options.toString());
    }

    /**
     * Ends capture; the events so far stay in the log.
     *
     * @throws EventLogException as {@link #capture(String)}
     */
    public void uncapture(String table) {
        call("SELECT everafter.uncapture(?::regclass)", "could not end the capture of " + table, table);
    }

    private void call(String sql, String failure, String... arguments) {
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            // a trigger waits for the table's open transactions, and everybody else then waits behind it
            try (Statement statement = connection.createStatement();
                    PreparedStatement call = connection.prepareStatement(sql)) {
                statement.execute("SET LOCAL lock_timeout = '5s'");
                for (int i = 0; i < arguments.length; i++) {
                    call.setString(i + 1, arguments[i]);
                }
                call.execute();
                connection.commit();
            } catch (SQLException e) {
                connection.rollback();
                throw e;
            } finally {
                connection.setAutoCommit(true);
            }
        } catch (SQLException e) {
            throw Sql.explain(failure, e);
        }
    }

    /**
     * Writes an event of the caller's own in the caller's transaction.
     *
     * @param key what the event is about, usually an object of key columns
     * @throws SQLException as PostgreSQL reports it; the transaction is then aborted
     */
    public static void emit(Connection connection, String topic, String type, RawJson data, @Nullable RawJson key)
            throws SQLException {
        try (PreparedStatement emit = connection.prepareStatement("SELECT everafter.emit(?, ?, ?::jsonb, ?::jsonb)")) {
            emit.setString(1, topic);
            emit.setString(2, type);
            emit.setString(3, data.toString());
            emit.setString(4, key == null ? null : key.toString());
            emit.execute();
        }
    }

    /**
     * Writes events of the caller's own, in their order, in the caller's transaction; much cheaper than one by one.
     *
     * @throws SQLException as PostgreSQL reports it; the transaction is then aborted
     */
    public static void emit(Connection connection, List<NewEvent> events) throws SQLException {
        try (PreparedStatement emit = connection.prepareStatement("SELECT everafter.emit_all(?::jsonb)")) {
            StringBuilder batch = new StringBuilder();
            for (int i = 0; i < events.size(); i++) {
                batch.append(batch.isEmpty() ? '[' : ',');
                append(batch, events.get(i));
                if (batch.length() > BATCH || i == events.size() - 1) {
                    emit.setString(1, batch.append(']').toString());
                    emit.execute();
                    batch.setLength(0);
                }
            }
        }
    }

    private static void append(StringBuilder batch, NewEvent event) {
        batch.append("{\"topic\":").append(JSON.createValue(event.topic()));
        batch.append(",\"type\":").append(JSON.createValue(event.type()));
        batch.append(",\"data\":").append(event.data());
        event.key().ifPresent(key -> batch.append(",\"key\":").append(key));
        batch.append('}');
    }

    /**
     * An id that is reached once everything this connection has committed before has been delivered. Not to be asked in
     * the transaction that it is about.
     *
     * @throws SQLException as PostgreSQL reports it
     */
    public static long head(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT everafter.head()")) {
            row.next();
            return row.getLong(1);
        }
    }
}
