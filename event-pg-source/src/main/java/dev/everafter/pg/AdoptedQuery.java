package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The statements that read one adopted table: rows as events, by the id's index alone, beside what identifies the history
 * in the same snapshot. Immutable.
 */
final class AdoptedQuery {
    /** As captured events are written, whatever the session is set to (docs/adr/0057). */
    static final String VALUES =
            "TimeZone = 'UTC'; SET %1$s DateStyle = 'ISO, YMD'; SET %1$s IntervalStyle = 'iso_8601';"
                    + " SET %1$s bytea_output = 'hex'; SET %1$s extra_float_digits = 1; SET %1$s lc_monetary = 'C'";

    /** The first is of the transaction. READ COMMITTED: predicate locks of a SERIALIZABLE reader would make writers fail. */
    static final String BORROWED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY;"
            + " SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL jit = off; SET LOCAL "
            + VALUES.formatted("LOCAL");

    private static final String HEADER = """
            SELECT coalesce(to_regclass('%s')::oid::bigint, 0) AS oid,
                   (SELECT oid::bigint FROM pg_database WHERE datname = current_database()) AS database,
                   (SELECT system_identifier FROM pg_control_system()) AS system,
                   CASE WHEN pg_is_in_recovery() THEN ''
                        ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END AS timeline,
                   pg_postmaster_start_time() AS started,
                   (SELECT relfilenode::bigint FROM pg_class WHERE oid = %d) AS counter_file,
                   (SELECT t.%s FROM %s t ORDER BY t.%3$s LIMIT 1) AS first""";

    private static final String LOOK =
            "SELECT h.*, (SELECT t.%s FROM %s t ORDER BY t.%1$s DESC LIMIT 1) AS newest, %s AS counter FROM (%s) h";

    /**
     * {@code c} and {@code v} are what {@link Pushdown} speaks of; an id is taken apart so that its arithmetic gives it
     * again. Rows that don't match come without their JSON; they only say how far the page got, as LIMIT counts them too.
     */
    private static final String PAGE = """
            SELECT h.*, p.id, p.at, p.key, p.data
            FROM (%s) h
            LEFT JOIN LATERAL (
                SELECT t.%s::bigint AS id, c.at, CASE WHEN w.wanted THEN v.key END AS key,
                       CASE WHEN w.wanted THEN v.data END AS data
                FROM (%s) t
                CROSS JOIN LATERAL (SELECT t.%2$s::bigint >> 8 AS id, %s AS at) c
                CROSS JOIN LATERAL (
                    SELECT (t.%2$s::bigint & 255) + 1 AS n, %s AS topic, 'insert'::text AS type,
                           jsonb_build_object(%s, t.%2$s) AS key, to_jsonb(t.*) AS data, NULL::jsonb AS old OFFSET 0) v
                CROSS JOIN LATERAL (SELECT %s AS wanted OFFSET 0) w
                ORDER BY t.%2$s) p ON true""";

    static final int FOUND = 200;

    private static final String RANGE = "SELECT x.* FROM %s x WHERE x.%s > ? AND x.%2$s <= ? ORDER BY x.%2$s LIMIT ?";

    /** At most as many rows, by the index. */
    private static final String RANGES =
            "SELECT x.* FROM unnest(?::bigint[], ?::bigint[]) d (low, high) CROSS JOIN LATERAL"
                    + " (SELECT y.* FROM %s y WHERE y.%s >= d.low AND y.%2$s <= d.high ORDER BY y.%2$s LIMIT " + FOUND
                    + ") x LIMIT " + FOUND;

    private final AdoptedTable table;
    private final String header;

    AdoptedQuery(AdoptedTable table) {
        this.table = table;
        this.header = HEADER.formatted(table.table().replace("'", "''"), table.sequence(), table.id(), table.table());
    }

    /**
     * What identifies the history at a moment.
     *
     * @param first the smallest id there is; 0 if there is no row
     */
    record Header(AdoptedRun run, long first) {
        /** The log is complete after it, of what is decided up to {@code proven}. */
        long oldest(long proven) {
            return first == 0 ? proven : Math.min(first - 1, proven);
        }
    }

    /**
     * The table's state.
     *
     * @param newest the largest id there is; 0 if there is no row
     * @param counter the last id that was handed out; where this role may not know it, {@code newest}
     */
    record Look(Header header, long newest, long counter) {}

    /** A page, and what identifies the history that it was read from. */
    record AdoptedPage(Header header, List<Event> events, long scannedTo) {}

    Look look(Connection connection) throws SQLException {
        String counter = table.counter()
                .map(name -> "(SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM " + name + ")")
                .orElse("NULL::bigint");
        try (PreparedStatement select =
                        connection.prepareStatement(LOOK.formatted(table.id(), table.table(), counter, header));
                ResultSet row = select.executeQuery()) {
            row.next();
            Header found = header(row);
            long newest = row.getLong(8);
            if (newest > Position.MAX_ID) {
                throw unusable(newest);
            }
            long handedOut = row.getLong(9);
            return new Look(found, newest, row.wasNull() ? newest : handedOut);
        }
    }

    private Header header(ResultSet row) throws SQLException {
        AdoptedRun run = new AdoptedRun(
                new AdoptedRun.Identity(row.getLong(3), row.getString(4), row.getLong(2), row.getLong(1)),
                row.getObject(5, OffsetDateTime.class).toInstant(),
                row.getLong(6));
        long first = row.getLong(7);
        if (first < 1 && !row.wasNull()) {
            throw unusable(first);
        }
        return new Header(run, first);
    }

    private SQLException unusable(long id) {
        return new SQLException(table.topic() + " has a row with the " + table.idName() + " " + id
                + ", and can't be followed: ids must be 1 to " + Position.MAX_ID + ", for 0 is before the first event");
    }

    /** Ids after {@code after}, at most {@code limit}. */
    List<Long> ids(Connection connection, long after, int limit) throws SQLException {
        return ids(connection, "SELECT t.%s FROM %s t WHERE t.%1$s > ? ORDER BY t.%1$s LIMIT ?", after, limit);
    }

    /** Ids up to {@code upTo}, the newest first, at most {@code limit}. */
    List<Long> idsBefore(Connection connection, long upTo, int limit) throws SQLException {
        return ids(connection, "SELECT t.%s FROM %s t WHERE t.%1$s <= ? ORDER BY t.%1$s DESC LIMIT ?", upTo, limit);
    }

    private List<Long> ids(Connection connection, String sql, long bound, int limit) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(sql.formatted(table.id(), table.table()))) {
            select.setLong(1, bound);
            select.setInt(2, limit);
            try (ResultSet rows = select.executeQuery()) {
                List<Long> found = new ArrayList<>();
                while (rows.next()) {
                    found.add(rows.getLong(1));
                }
                return found;
            }
        }
    }

    /** Events with {@code after < id <= upTo}, in an open transaction. */
    AdoptedPage read(Connection connection, long after, long upTo, Pushdown pushdown, ReadLimits limits)
            throws SQLException {
        String sql = page(RANGE.formatted(table.table(), table.id()), pushdown);
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setLong(1, after);
            select.setLong(2, upTo);
            select.setInt(3, limits.events());
            pushdown.where().bind(select, 4);
            select.setFetchSize(PageRows.FIRST_FETCH);
            try (ResultSet rows = select.executeQuery()) {
                rows.next();
                Header found = header(rows);
                PageRows page = PageRows.read(rows, 8, after, upTo, limits, this::event);
                return new AdoptedPage(found, page.events(), page.scannedTo());
            }
        }
    }

    /** An id in {@code oldest..upTo} below all rows of that time or later, found by halving; {@code oldest} if none has a time. */
    long before(Connection connection, Instant instant, long oldest, long upTo) throws SQLException {
        if (!table.timed()) {
            return oldest;
        }
        long low = oldest;
        long high = upTo + 1;
        String sql = "SELECT %s FROM %s t WHERE t.%s > ? ORDER BY t.%3$s LIMIT 1"
                .formatted(table.time(), table.table(), table.id());
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            while (low + 1 < high) {
                long middle = (low + high) >>> 1;
                // the first row after the middle: its time decides for all ids in between, which have no row
                select.setLong(1, middle - 1);
                try (ResultSet row = select.executeQuery()) {
                    OffsetDateTime at = row.next() ? row.getObject(1, OffsetDateTime.class) : null;
                    if (at != null && at.toInstant().isBefore(instant)) {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
            }
        }
        return low;
    }

    /** What there is by now in {@code ranges}, at most {@link #FOUND} rows. */
    List<Event> in(Connection connection, List<long[]> ranges) throws SQLException {
        String sql = page(RANGES.formatted(table.table(), table.id()), Pushdown.EVERYTHING);
        try (PreparedStatement select = connection.prepareStatement(sql)) {
            select.setArray(1, bounds(connection, ranges, 0));
            select.setArray(2, bounds(connection, ranges, 1));
            try (ResultSet rows = select.executeQuery()) {
                List<Event> found = new ArrayList<>();
                while (rows.next()) {
                    if (rows.getObject(8) != null) {
                        found.add(Objects.requireNonNull(event(rows, rows.getLong(8))));
                    }
                }
                return found;
            }
        }
    }

    private static Array bounds(Connection connection, List<long[]> ranges, int which) throws SQLException {
        return connection.createArrayOf(
                "bigint", ranges.stream().map(range -> range[which]).toArray(Long[]::new));
    }

    private String page(String rows, Pushdown pushdown) {
        return PAGE.formatted(
                header,
                table.id(),
                rows,
                table.time(),
                literal(table.topic()) + "::text",
                literal(table.idName()) + "::text",
                pushdown.where().sql());
    }

    private static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    private @Nullable Event event(ResultSet rows, long id) throws SQLException {
        RawJson data = PageRows.json(rows, 11);
        if (data == null) {
            return null;
        }
        OffsetDateTime at = rows.getObject(9, OffsetDateTime.class);
        return Event.builder(id, table.topic(), "insert")
                .at(at == null ? Instant.EPOCH : at.toInstant())
                .key(PageRows.json(rows, 10))
                .data(data)
                .last(true)
                .build();
    }
}
