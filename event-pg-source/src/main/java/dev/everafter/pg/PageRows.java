package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.EventLogException;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The events of one page as they come over the wire, in memory bounded by the page's limits.
 *
 * @param scannedTo everything up to here was examined: the last row if a limit was hit, else the window's end
 */
record PageRows(List<Event> events, long scannedTo) {
    /** Fetched at first; then as many as fit into the bytes, going by the size of those before. */
    static final int FIRST_FETCH = 64;

    /** Makes an event of a row; null if nobody wants it, and the row only says how far the page got. */
    interface RowReader {
        @Nullable
        Event read(ResultSet row, long id) throws SQLException;
    }

    /** What is done in one transaction. */
    interface Reading<T> {
        T read() throws SQLException;
    }

    /** On a connection in autocommit mode, which is left so: fetching in steps needs a transaction. */
    static <T> T inTransaction(Connection connection, Reading<T> reading) throws SQLException {
        connection.setAutoCommit(false);
        try {
            T page = reading.read();
            connection.commit();
            return page;
        } catch (SQLException | RuntimeException e) {
            if (!connection.isClosed()) {
                connection.rollback();
            }
            throw e;
        } finally {
            if (!connection.isClosed()) {
                connection.setAutoCommit(true);
            }
        }
    }

    /**
     * Reads rows with {@code after < id <= upTo} in id order, beginning with the one that {@code rows} stands on, whose id
     * is null if there are none.
     */
    static PageRows read(ResultSet rows, int idColumn, long after, long upTo, ReadLimits limits, RowReader reader)
            throws SQLException {
        List<Event> events = new ArrayList<>();
        long last = after;
        int examined = 0;
        long bytes = 0;
        boolean more = rows.getObject(idColumn) != null;
        while (more) {
            long id = rows.getLong(idColumn);
            if (id <= last || id > upTo) {
                throw new EventLogException("id " + id + " read after " + last + " and up to " + upTo, null);
            }
            last = id;
            examined++;
            Event event = reader.read(rows, id);
            if (event != null) {
                events.add(event);
                bytes += event.size();
            }
            if (examined == limits.events() || bytes >= limits.bytes()) {
                return new PageRows(events, last);
            }
            rows.setFetchSize(fetch(examined, bytes, limits));
            more = rows.next();
        }
        return new PageRows(events, upTo);
    }

    private static int fetch(int examined, long bytes, ReadLimits limits) {
        long each = Math.max(1, bytes / examined);
        return (int) Math.max(1, Math.min(limits.events() - examined, (limits.bytes() - bytes) / each + 1));
    }

    /** The text as it came over the wire, which pgjdbc always lets the server encode as UTF-8. */
    static @Nullable RawJson json(ResultSet rows, int column) throws SQLException {
        byte[] utf8 = rows.getBytes(column);
        return utf8 == null ? null : RawJson.ofUtf8(utf8);
    }
}
