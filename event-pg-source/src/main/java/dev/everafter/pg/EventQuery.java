package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.ReadLimits;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * Reads one page of events: in id order, with the epoch and the oldest position of the same snapshot, in memory bounded
 * by the limits. For one thread.
 */
final class EventQuery {
    /**
     * A commit row stands for up to 256 events of its segment, and the range on n is what the primary key can be asked
     * for. {@code last} is looked up rather than stored: the trigger would have to read everafter.event for it, which
     * costs writers serialization failures (docs/adr/0010). Not by NOT EXISTS, which PostgreSQL may answer by hashing the
     * whole table for each page. LIMIT counts examined rows, matching or not.
     */
    static final String PAGE = """
            SELECT h.epoch, h.oldest, h.standby, h.started,
                   p.id, p.at, p.topic, p.type, p.key, p.data, p.old, p.tx, p.last
            FROM (SELECT (SELECT name::text FROM everafter.epoch ORDER BY no DESC LIMIT 1) AS epoch,
                         (SELECT oldest FROM everafter.retained) AS oldest,
                         pg_catalog.pg_is_in_recovery() AS standby,
                         pg_catalog.pg_postmaster_start_time() AS started) h
            LEFT JOIN LATERAL (
                SELECT c.id * 256 + ((e.n - 1) & 255) AS id, c.at, e.topic, e.type, e.key, e.data, e.old, c.tx::text AS tx,
                       (SELECT true FROM everafter.event x WHERE x.seg = e.seg AND x.n = e.n + 1) IS NULL AS last
                FROM everafter.commit_log c
                CROSS JOIN LATERAL (
                    SELECT * FROM everafter.event v
                    WHERE v.seg = c.seg
                      AND v.n > c.part::bigint * 256 + CASE WHEN c.id = ? THEN ? ELSE 0 END
                      AND v.n <= c.part::bigint * 256 + CASE WHEN c.id = ? THEN ? ELSE 256 END
                    ORDER BY v.n LIMIT 256) e
                WHERE c.id >= ? AND c.id <= ?
                ORDER BY c.id, e.n
                LIMIT ?) p ON true
            """;

    /** Rows that don't match come without their JSON; they only say how far the page got. */
    private static final String FILTERED = PAGE.replace(
                    "p.id, p.at, p.topic, p.type, p.key, p.data, p.old, p.tx, p.last", "p.*")
            .replace(
                    "e.topic, e.type, e.key, e.data, e.old, c.tx::text AS tx,",
                    "CASE WHEN e.wanted THEN e.topic END AS topic, e.type,"
                            + " CASE WHEN e.wanted THEN e.key END AS key, CASE WHEN e.wanted THEN e.data END AS data,"
                            + " CASE WHEN e.wanted THEN e.old END AS old, c.tx::text AS tx,")
            .replace("(SELECT true", "e.wanted AND (SELECT true")
            .replace("SELECT * FROM everafter.event v", "SELECT v.*, %s AS wanted FROM everafter.event v");

    private EventQuery() {}

    /** Reads events with {@code after < id <= upTo} on a borrowed connection, which is in autocommit mode and left so. */
    static EventPage read(Connection connection, long after, long upTo, Pushdown pushdown, ReadLimits limits)
            throws SQLException {
        return PageRows.inTransaction(connection, () -> {
            try (Statement statement = connection.createStatement()) {
                // READ COMMITTED: predicate locks of a SERIALIZABLE reader would make writers fail
                statement.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY; SET LOCAL jit = off");
            }
            return readPage(connection, after, upTo, pushdown, limits);
        });
    }

    /** Reads events with {@code after < id <= upTo} on a session that has its settings already. */
    static EventPage read(Connection session, long after, long upTo, ReadLimits limits) throws SQLException {
        return PageRows.inTransaction(session, () -> readPage(session, after, upTo, Pushdown.EVERYTHING, limits));
    }

    /** The page's statement; its parameters begin with those of {@code pushdown}. */
    static String sql(Pushdown pushdown) {
        return pushdown.isEmpty()
                ? PAGE
                : FILTERED.replace("%s", pushdown.where().sql());
    }

    private static EventPage readPage(
            Connection connection, long after, long upTo, Pushdown pushdown, ReadLimits limits) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql(pushdown))) {
            int next = pushdown.where().bind(select, 1);
            select.setLong(next++, after >> 8);
            select.setLong(next++, (after & 255) + 1);
            select.setLong(next++, upTo >> 8);
            select.setLong(next++, (upTo & 255) + 1);
            select.setLong(next++, after >> 8);
            select.setLong(next++, upTo >> 8);
            select.setInt(next, limits.events());
            select.setFetchSize(PageRows.FIRST_FETCH);
            try (ResultSet rows = select.executeQuery()) {
                return page(rows, after, upTo, limits);
            }
        }
    }

    private static EventPage page(ResultSet rows, long after, long upTo, ReadLimits limits) throws SQLException {
        rows.next();
        String epoch = rows.getString(1);
        long oldest = rows.getLong(2);
        boolean standby = rows.getBoolean(3);
        Instant started = rows.getObject(4, OffsetDateTime.class).toInstant();
        PageRows page = PageRows.read(rows, 5, after, upTo, limits, EventQuery::event);
        return new EventPage(epoch, oldest, standby, started, page.events(), page.scannedTo());
    }

    private static @Nullable Event event(ResultSet rows, long id) throws SQLException {
        String topic = rows.getString(7);
        return topic == null ? null : event(rows, id, topic);
    }

    private static Event event(ResultSet rows, long id, String topic) throws SQLException {
        return Event.builder(id, topic, rows.getString(8))
                .at(rows.getObject(6, OffsetDateTime.class).toInstant())
                .key(PageRows.json(rows, 9))
                .data(PageRows.json(rows, 10))
                .old(PageRows.json(rows, 11))
                .tx(rows.getString(12))
                .last(rows.getBoolean(13))
                .build();
    }
}
