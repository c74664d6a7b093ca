package dev.everafter.testkit;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import javax.sql.DataSource;

/**
 * Tables as a subscriber rebuilds them from nothing but events: the newest image of each key, without those that were
 * deleted. Safe for use by any thread.
 */
public final class TableCopy {
    private final Map<String, Map<RawJson, RawJson>> tables = new HashMap<>();

    /** Follows one event; those of no table have no key, and are passed over. */
    public synchronized void apply(Event event) {
        Map<RawJson, RawJson> rows = tables.computeIfAbsent(event.topic(), topic -> new HashMap<>());
        if (event.type().equals("truncate")) {
            rows.clear();
        } else if (event.key().isPresent()) {
            event.data()
                    .ifPresentOrElse(
                            image -> rows.put(event.key().get(), image),
                            () -> rows.remove(event.key().get()));
        }
    }

    /** How many rows there are. */
    public synchronized int rows(String table) {
        return tables.getOrDefault(table, Map.of()).size();
    }

    /** How many rows are only here, only in the real {@code table} of {@code keyColumn}, or differ. */
    public synchronized int differences(DataSource source, String table, String keyColumn) throws SQLException {
        Map<RawJson, RawJson> left = new HashMap<>(tables.getOrDefault(table, Map.of()));
        int differences = 0;
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(1_000);
                try (ResultSet rows = statement.executeQuery("SELECT jsonb_build_object('" + keyColumn + "', t."
                        + keyColumn + "), to_jsonb(t) FROM " + table + " t")) {
                    while (rows.next()) {
                        RawJson copy = left.remove(json(rows, 1));
                        if (!json(rows, 2).equals(copy)) {
                            differences++;
                        }
                    }
                }
            }
        }
        return differences + left.size();
    }

    private static RawJson json(ResultSet row, int column) throws SQLException {
        return RawJson.of(RawJson.of(row.getString(column)).parse());
    }
}
