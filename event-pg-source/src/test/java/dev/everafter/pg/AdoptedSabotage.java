package dev.everafter.pg;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Steps that a session which follows an adopted table can leave out. */
enum AdoptedSabotage {
    NOTHING,
    /** Believes that no transaction can fill a hole. */
    NO_PROOF,
    /** Watches the table's lock in place of the sequence's. */
    LOCK_ON_TABLE,
    /** Passes on the rows that it read before the proof. */
    NO_SECOND_SNAPSHOT,
    /** Asks for the holders, and then for the largest id that was handed out. */
    LAST_VALUE_AFTER_HOLDERS,
    /** Delivers what is perhaps not on disk. */
    NO_FENCE;

    interface Hook {
        void run() throws SQLException;
    }

    /** Makes sessions that leave the step out, and call back before the holders are listed. */
    AdoptedLog.Maker sessions(Hook beforeHolders) {
        return (connection, request, channel) -> new Session(connection, request, channel, this, beforeHolders);
    }

    private static final class Session extends AdoptedSession {
        private final AdoptedSabotage sabotage;
        private final Hook beforeHolders;
        private Set<String> listed = Set.of();
        private List<Row> seen = List.of();
        private long cursor = -1;

        Session(
                Connection connection,
                AdoptedTable.Request request,
                Optional<String> channel,
                AdoptedSabotage sabotage,
                Hook beforeHolders)
                throws SQLException {
            super(connection, request, channel);
            this.sabotage = sabotage;
            this.beforeHolders = beforeHolders;
        }

        @Override
        Set<String> holders() throws SQLException {
            if (sabotage == LAST_VALUE_AFTER_HOLDERS && !listed.isEmpty()) {
                Set<String> before = listed;
                listed = Set.of();
                return before;
            }
            beforeHolders.run();
            return switch (sabotage) {
                case NO_PROOF -> Set.of();
                case LOCK_ON_TABLE -> holdersOfTable();
                default -> super.holders();
            };
        }

        private Set<String> holdersOfTable() throws SQLException {
            try (Statement statement = connection().createStatement();
                    ResultSet rows = statement.executeQuery("SELECT DISTINCT virtualtransaction FROM pg_locks"
                            + " WHERE locktype = 'relation' AND granted AND mode = 'RowExclusiveLock'"
                            + " AND relation = " + table().oid() + " AND pid IS DISTINCT FROM pg_backend_pid()")) {
                Set<String> found = new HashSet<>();
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
                return found;
            }
        }

        @Override
        long lastValue() throws SQLException {
            if (sabotage == LAST_VALUE_AFTER_HOLDERS) {
                listed = super.holders();
                beforeHolders.run();
            }
            return super.lastValue();
        }

        @Override
        List<Row> rowsAfter(long after) throws SQLException {
            if (sabotage != NO_SECOND_SNAPSHOT || after != cursor || seen.isEmpty()) {
                seen = super.rowsAfter(after);
                cursor = after;
            }
            return seen;
        }

        /** A page is read in a snapshot of its own, which would show what the sabotage has missed. */
        @Override
        AdoptedQuery.AdoptedPage events(long after, long upTo, dev.everafter.core.ReadLimits limits)
                throws SQLException {
            AdoptedQuery.AdoptedPage page = super.events(after, upTo, limits);
            Set<Long> listedIds = new HashSet<>(seen.stream().map(Row::id).toList());
            return sabotage != NO_SECOND_SNAPSHOT
                    ? page
                    : new AdoptedQuery.AdoptedPage(
                            page.header(),
                            page.events().stream()
                                    .filter(event -> listedIds.contains(event.id()))
                                    .toList(),
                            page.scannedTo());
        }

        @Override
        boolean fence() throws SQLException {
            return sabotage != NO_FENCE && super.fence();
        }
    }
}
