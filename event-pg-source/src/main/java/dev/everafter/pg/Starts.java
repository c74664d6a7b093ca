package dev.everafter.pg;

import dev.everafter.core.EventLogException;
import dev.everafter.core.Gap;
import dev.everafter.core.LogRange;
import dev.everafter.core.Position;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;

/** Carries starts over to the present epoch, by what the database says at the moment. For one thread. */
final class Starts {
    /** {@code at} grows along the log, but for what separates two programs that commit at once, and clocks that are set. */
    private static final Duration DISORDER = Duration.ofSeconds(60);

    private static final String STATE = """
            SELECT e.name::text, e.proven, r.oldest,
                   greatest(coalesce((SELECT max(id) * 256 + 255 FROM everafter.commit_log), 0), r.oldest),
                   (CASE WHEN q.is_called THEN q.last_value ELSE q.last_value - 1 END) * 256 + 255,
                   pg_is_in_recovery()
            FROM (SELECT * FROM everafter.epoch ORDER BY no DESC LIMIT 1) e
            CROSS JOIN everafter.retained r
            CROSS JOIN everafter.commit_log_id_seq q
            """;

    private static final String FORK = """
            SELECT min(l.fork) FROM everafter.epoch e JOIN everafter.epoch l ON l.no > e.no WHERE e.name::text = ?
            """;

    private final Connection connection;
    private final String epoch;
    private final long marked;
    private final long oldest;
    private final long head;
    private final long counter;

    private Starts(Connection connection, ResultSet row) throws SQLException {
        this.connection = connection;
        this.epoch = row.getString(1);
        this.marked = row.getLong(2);
        this.oldest = row.getLong(3);
        this.head = row.getLong(4);
        this.counter = row.getLong(5);
    }

    static Starts of(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(STATE)) {
            row.next();
            if (row.getBoolean(6)) {
                throw standby();
            }
            return new Starts(connection, row);
        }
    }

    static EventLogException standby() {
        return new EventLogException(
                "the log can't be read from a standby, which may be behind: let the data source lead to the primary",
                null);
    }

    LogRange range() {
        return new LogRange(epoch, oldest, head);
    }

    /** @param followed what this program's tailer has proven, if there is one */
    Start resolve(StartFrom from, Optional<Position> followed) throws SQLException {
        long proven = followed.filter(position -> position.epoch().equals(epoch))
                .map(Position::id)
                .orElse(marked);
        if (from instanceof StartFrom.After after) {
            return after(after.position(), proven);
        }
        if (from instanceof StartFrom.AfterId after) {
            return after.id() <= counter ? at(after.id()) : new Start.Ahead(after.id(), proven);
        }
        if (from instanceof StartFrom.Time time) {
            return at(Math.min(before(time.instant()), proven));
        }
        if (from == StartFrom.Beginning.INSTANCE) {
            return at(oldest);
        }
        // not the newest that is visible: below it there may be one that is still committing, and that no look at the
        // tables shows yet
        return at(followed.isPresent() ? Math.min(head, proven) : head);
    }

    private Start after(Position position, long proven) throws SQLException {
        if (position.epoch().equals(epoch)) {
            // beyond what is proven, but handed out: this program is behind
            return position.id() <= counter ? at(position.id()) : rewound(position, proven);
        }
        try (PreparedStatement select = connection.prepareStatement(FORK)) {
            select.setString(1, position.epoch());
            try (ResultSet row = select.executeQuery()) {
                row.next();
                long fork = row.getLong(1);
                if (row.wasNull()) {
                    return new Start.UnknownEpoch(position.epoch());
                }
                return position.id() <= fork ? at(position.id()) : rewound(position, fork);
            }
        }
    }

    private Start rewound(Position position, long to) {
        return new Start.Rewound(new Gap(Gap.Reason.REWOUND, to, position.id(), at(to).position()));
    }

    private Start.At at(long id) {
        return new Start.At(new Position(epoch, id));
    }

    /** The position before the first commit at or after {@code instant}, found by halving. */
    private long before(Instant instant) throws SQLException {
        OffsetDateTime wanted = instant.minus(DISORDER).atOffset(ZoneOffset.UTC);
        long low = Commit.doneAt(oldest);
        long high = Commit.doneAt(head) + 1;
        try (PreparedStatement select =
                connection.prepareStatement("SELECT at FROM everafter.commit_log WHERE id > ? ORDER BY id LIMIT 1")) {
            while (low + 1 < high) {
                long middle = (low + high) >>> 1;
                // the first row after the middle: its time decides for all ids in between, which have no row
                select.setLong(1, middle - 1);
                try (ResultSet row = select.executeQuery()) {
                    if (row.next() && row.getObject(1, OffsetDateTime.class).isBefore(wanted)) {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
            }
        }
        return Math.max(oldest, Commit.lastEventId(low));
    }
}
