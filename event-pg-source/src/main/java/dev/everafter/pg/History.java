package dev.everafter.pg;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Notices, on each connection, that the log is no longer the one that was followed: the server is another one, or the
 * rows that were read last are gone or others. Then the log goes on under a new epoch, from a fork that is certain.
 *
 * <p>What makes a fork certain is the mark: at most a second after it delivered something, each tailer writes into the
 * epoch's row how far it has got. A copy of the database that has the mark has everything before it. What was read since
 * the mark is remembered, and compared row by row. For one thread.
 */
final class History {
    /** Compared in any case, so that a disk image put back is noticed even where another server has set the mark since. */
    private static final int KEPT = 64;

    private static final String STATE = """
            SELECT e.name::text, e.fork, e.proven,
                   (e.system_identifier, e.timeline, e.database, e.commit_log)
                       = (s.system_identifier, s.timeline, s.database, s.commit_log) AS same_server,
                   s.started, r.oldest,
                   CASE WHEN q.is_called THEN q.last_value ELSE q.last_value - 1 END AS counter,
                   a.ancestor IS NOT NULL AS known, a.fork AS forked_at
            FROM everafter.server s
            CROSS JOIN (SELECT * FROM everafter.epoch ORDER BY no DESC LIMIT 1) e
            CROSS JOIN everafter.retained r
            CROSS JOIN everafter.commit_log_id_seq q
            CROSS JOIN (SELECT max(no) FILTER (WHERE name::text = ?) AS ancestor,
                               min(fork) FILTER (WHERE no > (SELECT no FROM everafter.epoch WHERE name::text = ?)) AS fork
                        FROM everafter.epoch) a
            """;

    private static final String FIRST_DIFFERENCE = """
            SELECT min(k.id)
            FROM unnest(?::bigint[], ?::bigint[], ?::text[]::timestamptz[]) k (id, seg, at)
            WHERE k.id * 256 + 255 > ?
              AND NOT EXISTS (SELECT FROM everafter.commit_log c WHERE c.id = k.id AND c.seg = k.seg AND c.at = k.at)
            """;

    private final Deque<Commit> recent = new ArrayDeque<>();
    private long mark;

    /**
     * What a check found.
     *
     * @param epoch the history to follow from now on
     * @param shared up to here it is the one that was followed before
     * @param changed whether it is another one
     * @param oldest the log is complete after it
     * @param serverStarted which run of the server this was found in
     */
    record Finding(String epoch, long shared, boolean changed, long oldest, Instant serverStarted) {}

    private record State(
            String name,
            long fork,
            long proven,
            boolean sameServer,
            Instant started,
            long oldest,
            long counter,
            boolean known,
            OptionalLong forkedAt) {}

    /** Remembers what has been read. */
    void remember(Collection<Commit> commits) {
        recent.addAll(commits);
    }

    /**
     * Checks the session's log, and begins a new epoch where it is not what it was.
     *
     * @param told the epoch that was followed; empty the first time
     * @param head what has been told of it; of no meaning the first time
     */
    Finding check(TailSession session, Optional<String> told, long head) throws SQLException {
        Connection connection = session.connection();
        connection.setAutoCommit(false);
        try {
            Finding finding = checkLocked(connection, told, head);
            connection.commit();
            return finding;
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

    private Finding checkLocked(Connection connection, Optional<String> told, long head) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            // several servers may find the same at the same time: one of them makes the new epoch
            statement.execute("SELECT pg_advisory_xact_lock(" + Keys.CLASS + ", " + Keys.EPOCH + ")");
        }
        recent.removeIf(
                commit -> commit.id() * 256 > head); // what was read and not told, not even in part, is read again
        State now = state(connection, told.orElse(""));
        long counter = Commit.lastEventId(now.counter());
        boolean first = told.isEmpty();
        // the first time there is nothing to compare with but the mark
        long shared = Math.min(first ? now.proven() : sharedWith(connection, now, told.get(), head), counter);
        boolean sameEpoch = first || told.get().equals(now.name());
        boolean intact = now.sameServer() && sameEpoch && shared >= (first ? now.proven() : head);

        String name = now.name();
        if (!intact) {
            if (now.sameServer() && !sameEpoch && now.known()) {
                lowerFork(connection, name, shared);
            } else {
                name = newEpoch(connection, shared);
            }
            recent.removeIf(commit -> Commit.lastEventId(commit.id()) > shared);
            mark = shared;
        } else {
            mark = Math.max(mark, now.proven());
        }
        boolean changed = !first && !told.get().equals(name);
        return new Finding(name, first ? counter : shared, changed, now.oldest(), now.started());
    }

    /** Up to where the log is certainly the one that was followed before. */
    private long sharedWith(Connection connection, State now, String told, long head) throws SQLException {
        long shared = head;
        if (now.forkedAt().isPresent()) {
            shared = Math.min(shared, now.forkedAt().getAsLong());
        }
        boolean beforeMark = !now.known() || (told.equals(now.name()) && now.proven() < mark);
        if (beforeMark) {
            shared = Math.min(shared, now.proven());
        }
        OptionalLong difference = firstDifference(connection, now.oldest());
        if (difference.isPresent()) {
            long first = difference.getAsLong();
            shared = Math.min(shared, Commit.lastEventId(first - 1));
            boolean noneShared = recent.stream()
                    .noneMatch(commit -> commit.id() < first && Commit.lastEventId(commit.id()) > now.oldest());
            if (noneShared && now.proven() >= Commit.lastEventId(first)) {
                // somebody has moved the mark on since the rewind: certain is only where the epoch began
                shared = Math.min(shared, now.fork());
            }
        }
        return shared;
    }

    private State state(Connection connection, String told) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(STATE)) {
            select.setString(1, told);
            select.setString(2, told);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                Long forkedAt = row.getObject(9, Long.class);
                return new State(
                        row.getString(1),
                        row.getLong(2),
                        row.getLong(3),
                        row.getBoolean(4),
                        row.getObject(5, OffsetDateTime.class).toInstant(),
                        row.getLong(6),
                        row.getLong(7),
                        row.getBoolean(8),
                        forkedAt == null ? OptionalLong.empty() : OptionalLong.of(forkedAt));
            }
        }
    }

    private OptionalLong firstDifference(Connection connection, long oldest) throws SQLException {
        Long[] ids = recent.stream().map(Commit::id).toArray(Long[]::new);
        Long[] segs = recent.stream().map(Commit::seg).toArray(Long[]::new);
        String[] times = recent.stream().map(commit -> commit.at().toString()).toArray(String[]::new);
        try (PreparedStatement select = connection.prepareStatement(FIRST_DIFFERENCE)) {
            select.setArray(1, connection.createArrayOf("bigint", ids));
            select.setArray(2, connection.createArrayOf("bigint", segs));
            select.setArray(3, connection.createArrayOf("text", times));
            select.setLong(4, oldest);
            try (ResultSet row = select.executeQuery()) {
                row.next();
                long id = row.getLong(1);
                return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(id);
            }
        }
    }

    private static String newEpoch(Connection connection, long fork) throws SQLException {
        try (PreparedStatement call = connection.prepareStatement("SELECT everafter.new_epoch(?)::text")) {
            call.setLong(1, fork);
            try (ResultSet row = call.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /** Another server found the rewind first, and may have known less of what is gone. */
    private static void lowerFork(Connection connection, String name, long fork) throws SQLException {
        try (PreparedStatement update =
                connection.prepareStatement("UPDATE everafter.epoch SET fork = ? WHERE name::text = ? AND fork > ?")) {
            update.setLong(1, fork);
            update.setString(2, name);
            update.setLong(3, fork);
            update.executeUpdate();
        }
    }

    /** Whether there is something to mark. */
    boolean unmarked(long head) {
        return head > mark;
    }

    /** Writes down that everything up to {@code head} is proven, durable and delivered. */
    void mark(TailSession session, String epoch, long head) throws SQLException {
        try (PreparedStatement update = session.connection()
                .prepareStatement("UPDATE everafter.epoch SET proven = ? WHERE name::text = ? AND proven < ?")) {
            update.setLong(1, head);
            update.setString(2, epoch);
            update.setLong(3, head);
            update.executeUpdate();
        }
        mark = head;
        Iterator<Commit> oldest = recent.iterator();
        for (int surplus = recent.size() - KEPT; surplus > 0; surplus--) {
            if (Commit.lastEventId(oldest.next().id()) > mark) {
                break;
            }
            oldest.remove();
        }
    }
}
