package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.ReadLimits;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The one session that follows an adopted table. It writes nothing, creates nothing, and takes no lock but those of its
 * SELECTs. For one thread, but for {@link #abort()}.
 */
class AdoptedSession extends SequenceSession {
    /** Looked at in one go. */
    static final int IDS = 1000;

    private final AdoptedTable table;
    private final AdoptedQuery query;

    /** @param channel what the table's writers notify, if they do */
    AdoptedSession(Connection connection, AdoptedTable.Request request, Optional<String> channel) throws SQLException {
        this(connection, ANSWER, request, channel);
    }

    AdoptedSession(Connection connection, Duration answer, AdoptedTable.Request request, Optional<String> channel)
            throws SQLException {
        super(connection, answer);
        execute("SET " + AdoptedQuery.VALUES.formatted("") + "; SET default_transaction_read_only = on");
        this.table = request.find(connection);
        this.query = new AdoptedQuery(table);
        if (channel.isPresent()) {
            execute("LISTEN \"" + channel.get().replace("\"", "\"\"") + "\"");
        }
    }

    /** A row's id. */
    record Row(long id) implements Placed {}

    AdoptedTable table() {
        return table;
    }

    @Override
    String sequence() {
        return table.sequence() + "::oid";
    }

    /**
     * A row's id counts as well: whoever got a smaller one from the sequence had locked it before. So without a right to
     * read the counter the newest row will do; and where ids are written beside the sequence, they hold nobody back.
     */
    @Override
    long lastValue() throws SQLException {
        AdoptedQuery.Look now = look();
        return Math.max(now.counter(), now.newest());
    }

    AdoptedQuery.Look look() throws SQLException {
        return query.look(connection());
    }

    /** Rows after {@code cursor}, as this statement's snapshot shows them. */
    List<Row> rowsAfter(long cursor) throws SQLException {
        return query.ids(connection(), cursor, IDS).stream().map(Row::new).toList();
    }

    /** The last ids up to {@code cursor}, the newest first. */
    List<Long> idsBefore(long cursor) throws SQLException {
        return query.idsBefore(connection(), cursor, IDS);
    }

    AdoptedQuery.AdoptedPage events(long after, long upTo, ReadLimits limits) throws SQLException {
        return PageRows.inTransaction(
                connection(), () -> query.read(connection(), after, upTo, Pushdown.EVERYTHING, limits));
    }

    /** What is in {@code ranges} of ids by now, at most {@link AdoptedQuery#FOUND} rows. */
    List<Event> in(List<long[]> ranges) throws SQLException {
        return query.in(connection(), ranges);
    }
}
