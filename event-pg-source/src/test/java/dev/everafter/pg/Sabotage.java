package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.ReadLimits;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Steps that a session can leave out. Some tests choose one, to show that their scenario catches it; any test runs with
 * one by {@code -Dtest.jvmArgs=-Dsabotage=no_proof}, or another of the names in lower case.
 */
enum Sabotage {
    NOTHING,
    /** Believes that no transaction can fill a hole. */
    NO_PROOF,
    /** Passes on the commits that it read before the proof. */
    NO_SECOND_SNAPSHOT,
    /** Watches the table's lock in place of the sequence's. */
    LOCK_ON_TABLE,
    /** Asks for the holders, and then for the largest id that was handed out. */
    LAST_VALUE_AFTER_HOLDERS,
    /** Reads locks, counter and rows in one statement, in this order. */
    ONE_STATEMENT_LOCKS_FIRST,
    /** Reads rows, locks and counter in one statement, in this order. */
    ONE_STATEMENT_ROWS_FIRST,
    /** Delivers what is perhaps not on disk. */
    NO_FENCE,
    /** Sleeps without asking who tested the bell before it was armed. */
    NO_LIST_AFTER_ARMING;

    /** An advisory lock at which the statements of the one-statement readers can be stopped in their middle. */
    static final int GATE = 99;

    static Sabotage chosen() {
        return valueOf(System.getProperty("sabotage", "nothing").toUpperCase(Locale.ROOT));
    }

    private boolean oneStatement() {
        return this == ONE_STATEMENT_LOCKS_FIRST || this == ONE_STATEMENT_ROWS_FIRST;
    }

    private static final String HOLDERS_OF = "SELECT array_agg(DISTINCT virtualtransaction) FROM pg_locks"
            + " WHERE locktype = 'relation' AND granted"
            + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            + " AND relation = '%s'::regclass AND mode IN"
            + " ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
            + " AND pid IS DISTINCT FROM pg_backend_pid()";

    /** CASE decides the order: the locks are read after the gate. */
    private static final String LOCKS_AND_COUNTER = "CASE WHEN (SELECT pg_advisory_xact_lock_shared(" + GATE
            + "))::text IS NOT NULL THEN (" + HOLDERS_OF.formatted("everafter.commit_log_id_seq")
            + ") END AS held, (SELECT last_value FROM everafter.commit_log_id_seq) AS hi";

    private static final String LOCKS_FIRST = "WITH h AS MATERIALIZED (SELECT " + LOCKS_AND_COUNTER
            + ") SELECT c.*, h.held, h.hi FROM h CROSS JOIN LATERAL (SELECT id, seg, at, durable FROM everafter.commit_log"
            + " WHERE id > ? AND h.hi > 0 ORDER BY id LIMIT 1000) c ORDER BY id";

    private static final String ROWS_FIRST = "SELECT c.*, " + LOCKS_AND_COUNTER
            + " FROM (SELECT id, seg, at, durable FROM everafter.commit_log"
            + " WHERE id > ? ORDER BY id LIMIT 1000 OFFSET 0) c";

    /** Leaves out the chosen step; calls back before it arms, and before the holders are listed. */
    static class Session extends TailSession {
        private final Sabotage sabotage;
        private final Hook beforeArming;
        private final Hook beforeHolders;
        private long cursor = -1;
        private List<Commit> seen = List.of();
        private Set<String> seenHolders = Set.of();
        private long seenCounter;
        private boolean decided;
        private boolean arming;

        interface Hook {
            void run() throws SQLException;
        }

        Session(Connection connection, Sabotage sabotage, Hook beforeArming, Hook beforeHolders) throws SQLException {
            super(connection);
            this.sabotage = sabotage;
            this.beforeArming = beforeArming;
            this.beforeHolders = beforeHolders;
            if (sabotage.oneStatement()) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute("SET lock_timeout = 0"); // for the gate
                }
            }
        }

        @Override
        Set<String> holders() throws SQLException {
            if (sabotage.oneStatement() && !arming) {
                decided = seenHolders.isEmpty();
                return seenHolders;
            }
            if (sabotage == LAST_VALUE_AFTER_HOLDERS && !arming && !seenHolders.isEmpty()) {
                Set<String> listed = seenHolders;
                seenHolders = Set.of();
                return listed;
            }
            beforeHolders.run();
            return switch (sabotage) {
                case NO_PROOF -> Set.of();
                case LOCK_ON_TABLE -> holdersOf("everafter.commit_log");
                default -> super.holders();
            };
        }

        private Set<String> holdersOf(String relation) throws SQLException {
            try (Statement statement = connection().createStatement();
                    ResultSet row = statement.executeQuery(HOLDERS_OF.formatted(relation))) {
                row.next();
                return texts(row, 1);
            }
        }

        private static Set<String> texts(ResultSet row, int column) throws SQLException {
            return row.getArray(column) == null
                    ? Set.of()
                    : new HashSet<>(List.of((String[]) row.getArray(column).getArray()));
        }

        @Override
        long lastValue() throws SQLException {
            if (sabotage == LAST_VALUE_AFTER_HOLDERS) {
                seenHolders = super.holders();
                beforeHolders.run();
            }
            return sabotage.oneStatement() && decidable() ? seenCounter : super.lastValue();
        }

        private boolean decidable() {
            return !seen.isEmpty();
        }

        @Override
        Set<String> arm() throws SQLException {
            beforeArming.run();
            arming = true;
            Set<String> holders = super.arm();
            arming = false;
            return sabotage == NO_LIST_AFTER_ARMING ? Set.of() : holders;
        }

        @Override
        List<Commit> commitsAfter(long after) throws SQLException {
            boolean again = after == cursor && !seen.isEmpty() && (sabotage == NO_SECOND_SNAPSHOT || decided);
            decided = false;
            if (!again) {
                seen = sabotage.oneStatement() ? inOneStatement(after) : super.commitsAfter(after);
                cursor = after;
            }
            return seen;
        }

        private List<Commit> inOneStatement(long after) throws SQLException {
            String sql = sabotage == ONE_STATEMENT_LOCKS_FIRST ? LOCKS_FIRST : ROWS_FIRST;
            try (PreparedStatement select = connection().prepareStatement(sql)) {
                select.setLong(1, after);
                try (ResultSet rows = select.executeQuery()) {
                    List<Commit> found = new ArrayList<>();
                    while (rows.next()) {
                        found.add(new Commit(
                                rows.getLong(1),
                                rows.getLong(2),
                                rows.getObject(3, OffsetDateTime.class),
                                rows.getBoolean(4)));
                        seenHolders = texts(rows, 5);
                        seenCounter = rows.getLong(6);
                    }
                    return found;
                }
            }
        }

        /** A page is read in a snapshot of its own, which would show what the sabotage has missed. */
        @Override
        EventPage events(long after, long upTo, ReadLimits limits) throws SQLException {
            EventPage page = super.events(after, upTo, limits);
            if (sabotage != NO_SECOND_SNAPSHOT && !sabotage.oneStatement()) {
                return page;
            }
            Set<Long> listed = seen.stream().map(Commit::id).collect(Collectors.toSet());
            List<Event> events = page.events().stream()
                    .filter(event -> listed.contains(event.id() >> 8))
                    .toList();
            return new EventPage(
                    page.epoch(), page.oldest(), page.standby(), page.serverStarted(), events, page.scannedTo());
        }

        @Override
        boolean fence() throws SQLException {
            return sabotage != NO_FENCE && super.fence();
        }
    }
}
