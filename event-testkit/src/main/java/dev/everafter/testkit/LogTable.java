package dev.everafter.testkit;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The whole log as the tables hold it, and what of it each watch should have been told: read by a statement of its own,
 * with conditions in SQL, so that nothing of the code under test decides what is right.
 *
 * <p>Immutable once read, and safe for use by any thread.
 */
public final class LogTable {
    private static final String WHOLE = "whole";
    private static final String LEFT = "left";

    private final List<Deliveries> byWatch = new ArrayList<>();
    private int events;

    private LogTable() {}

    /** Reads it as it is now. */
    public static LogTable read(DataSource source, List<Watch> watches) throws SQLException {
        LogTable table = new LogTable();
        watches.forEach(watch -> table.byWatch.add(new Deliveries()));
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(1_000);
                try (ResultSet rows = statement.executeQuery(sql(watches))) {
                    while (rows.next()) {
                        table.take(rows);
                    }
                }
            }
        }
        return table;
    }

    /** The image after an update, or the only one; where just the one before matches, the row has left the view. */
    private static String sql(List<Watch> watches) {
        String forms = IntStream.range(0, watches.size())
                .mapToObj(i -> {
                    String condition = "(" + watches.get(i).condition() + ")";
                    String before = condition.replace("image", "before");
                    return "CASE WHEN " + condition + " THEN '" + WHOLE + "' WHEN before IS NOT NULL AND " + before
                            + " THEN '" + LEFT + "' END";
                })
                .collect(Collectors.joining(", "));
        return "SELECT c.id * 256 + ((e.n - 1) & 255), c.at, e.topic, e.type, e.key, e.data, e.old, c.tx::text,"
                + " NOT EXISTS (SELECT FROM everafter.event x WHERE x.seg = e.seg AND x.n = e.n + 1), " + forms
                + " FROM everafter.commit_log c JOIN everafter.event e ON e.seg = c.seg AND c.part = (e.n - 1) >> 8"
                + " CROSS JOIN LATERAL (SELECT coalesce(e.data, e.old) AS image,"
                + " CASE WHEN e.type = 'update' THEN e.data || e.old END AS before) images"
                + " ORDER BY c.id, e.n";
    }

    private void take(ResultSet row) throws SQLException {
        events++;
        RawJson key = json(row, 5);
        Event whole = event(row).key(key).data(json(row, 6)).old(json(row, 7)).build();
        Event left = event(row).key(key).left(true).build();
        for (int i = 0; i < byWatch.size(); i++) {
            String form = row.getString(10 + i);
            if (WHOLE.equals(form)) {
                byWatch.get(i).add(whole);
            } else if (LEFT.equals(form)) {
                byWatch.get(i).add(left);
            }
        }
    }

    private static Event.Builder event(ResultSet row) throws SQLException {
        return Event.builder(row.getLong(1), row.getString(3), row.getString(4))
                .at(row.getObject(2, OffsetDateTime.class).toInstant())
                .tx(row.getString(8))
                .last(row.getBoolean(9));
    }

    /** Parsed and written again, as a client does with what comes over the wire. */
    private static @Nullable RawJson json(ResultSet row, int column) throws SQLException {
        String text = row.getString(column);
        return text == null ? null : RawJson.of(RawJson.of(text).parse());
    }

    /** How many events the log holds. */
    public int events() {
        return events;
    }

    /** What the watch of that index should have been told, in order. */
    Deliveries expected(int watch) {
        return byWatch.get(watch);
    }
}
