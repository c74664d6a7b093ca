package dev.everafter.pg;

import dev.everafter.core.ReadLimits;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The one session that follows the log, statement by statement; each runs in a snapshot of its own, which the proofs rest
 * on. For one thread, but for {@link #abort()}.
 */
class TailSession extends SequenceSession {
    private static final int COMMITS = 1000;

    private final PreparedStatement commits;
    private final PreparedStatement any;
    private final PreparedStatement lastValue;

    TailSession(Connection connection) throws SQLException {
        this(connection, ANSWER);
    }

    /** @param answer how long the server may take to answer */
    TailSession(Connection connection, Duration answer) throws SQLException {
        super(connection, answer);
        requireOneByOne();
        this.commits = connection.prepareStatement(
                "SELECT id, seg, at, durable FROM everafter.commit_log WHERE id > ? ORDER BY id LIMIT " + COMMITS);
        this.any = connection.prepareStatement("SELECT EXISTS (SELECT FROM everafter.commit_log WHERE id > ?)");
        this.lastValue = connection.prepareStatement(
                "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM everafter.commit_log_id_seq");
        execute("LISTEN " + Keys.CHANNEL);
    }

    /** The proof rests on it: ids that a session keeps for later transactions would be taken for dead. */
    private void requireOneByOne() throws SQLException {
        boolean oneByOne =
                number("SELECT (s.seqcache = 1 AND s.seqincrement = 1 AND NOT s.seqcycle)::int FROM pg_sequence s"
                                + " WHERE s.seqrelid = 'everafter.commit_log_id_seq'::regclass")
                        == 1;
        if (!oneByOne) {
            throw new SQLException(
                    "the sequence everafter.commit_log_id_seq was altered, so that nothing can be proven of"
                            + " its ids: ALTER SEQUENCE everafter.commit_log_id_seq CACHE 1 INCREMENT 1 NO CYCLE");
        }
    }

    /** Commits after {@code cursor}, as this statement's snapshot shows them. */
    List<Commit> commitsAfter(long cursor) throws SQLException {
        commits.setLong(1, cursor);
        try (ResultSet rows = commits.executeQuery()) {
            List<Commit> found = new ArrayList<>();
            while (rows.next()) {
                found.add(new Commit(
                        rows.getLong(1), rows.getLong(2), rows.getObject(3, OffsetDateTime.class), rows.getBoolean(4)));
            }
            return found;
        }
    }

    boolean anyCommitAfter(long cursor) throws SQLException {
        any.setLong(1, cursor);
        try (ResultSet row = any.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }

    EventPage events(long after, long upTo, ReadLimits limits) throws SQLException {
        return EventQuery.read(connection(), after, upTo, limits);
    }

    @Override
    String sequence() {
        return "'everafter.commit_log_id_seq'::regclass";
    }

    @Override
    long lastValue() throws SQLException {
        try (ResultSet row = lastValue.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /**
     * Makes the next commits ring, and then lists those who may have looked before.
     *
     * @throws SQLException with {@link Sql#LOCK_NOT_AVAILABLE} if somebody else holds the lock
     */
    Set<String> arm() throws SQLException {
        execute("SELECT pg_advisory_lock(" + Keys.CLASS + ", " + Keys.BELL + ")");
        return holders();
    }

    void disarm() throws SQLException {
        execute("SELECT pg_advisory_unlock(" + Keys.CLASS + ", " + Keys.BELL + ")");
    }

    /** Wakes the other sessions that follow. */
    void ringOthers() throws SQLException {
        execute("NOTIFY " + Keys.CHANNEL);
    }

    /** Becomes the session that arms, if none is. */
    boolean tryLead() throws SQLException {
        return number("SELECT pg_try_advisory_lock(" + Keys.CLASS + ", " + Keys.LEADER + ")::int") == 1;
    }

    /** Says, until this session leads or ends, that it is one that wants to be woken. */
    void follow() throws SQLException {
        execute("SELECT pg_advisory_lock_shared(" + Keys.CLASS + ", " + Keys.FOLLOWER + ")");
    }

    void unfollow() throws SQLException {
        execute("SELECT pg_advisory_unlock_shared(" + Keys.CLASS + ", " + Keys.FOLLOWER + ")");
    }

    boolean othersFollow() throws SQLException {
        return number("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = " + Keys.CLASS
                        + " AND objid = " + Keys.FOLLOWER
                        + " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))::int")
                == 1;
    }

    /** The present epoch's name. */
    String epoch() throws SQLException {
        try (Statement statement = connection().createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT name::text FROM everafter.epoch ORDER BY no DESC LIMIT 1")) {
            row.next();
            return row.getString(1);
        }
    }
}
