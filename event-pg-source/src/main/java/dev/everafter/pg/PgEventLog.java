package dev.everafter.pg;

import dev.everafter.core.EventLog;
import dev.everafter.core.EventLogException;
import dev.everafter.core.Filter;
import dev.everafter.core.LogRange;
import dev.everafter.core.LogStatus;
import dev.everafter.core.Page;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Revocation;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Tailer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The log that {@link LogSchema} installs in a PostgreSQL database: every committed event once, in the order in which
 * transactions committed, with up to 256 events of a transaction in consecutive places.
 *
 * <p>What is past is read through the given {@link DataSource}, by short queries in transactions of their own; what comes
 * is followed on one session besides. Both must lead to the primary. A read is refused while the server runs anew and its
 * history has not been checked yet by the tailer; tried again, it works.
 *
 * <p>Safe for use by any thread.
 */
public final class PgEventLog implements EventLog {
    private final DataSource source;
    private final TailSessions sessions;
    private final PgListener listener;
    private final Time time;
    private final Followed followed = new Followed(TailerSlot.nobodyFollows());
    private final TailerSlot tailer = new TailerSlot(followed);

    private PgEventLog(Builder builder) {
        this.source = Objects.requireNonNull(builder.source, "dataSource");
        this.sessions = Objects.requireNonNull(builder.sessions, "tailer");
        this.listener = builder.listener;
        this.time = new Time(builder.nanos, builder.random);
    }

    /** Starts with no listener, the system's clock, and chance. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public LogRange range() {
        return ask(
                "could not read the log's range",
                connection -> Starts.of(connection).range());
    }

    /**
     * How a read narrowed by {@code filter} is answered, for people: the condition that the database decides, whether it is
     * exact, and what is left to be checked in memory. Asks nobody.
     */
    public static String explain(Filter filter) {
        return Pushdown.of(filter).explain();
    }

    @Override
    public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
        EventPage page = ask(
                "could not read the log after " + after, connection -> read(connection, after, upTo, filter, limits));
        requireChecked(page);
        return new Page(page.epoch(), page.oldest(), page.events(), page.scannedTo());
    }

    private static EventPage read(Connection connection, long after, long upTo, Filter filter, ReadLimits limits)
            throws SQLException {
        try {
            return EventQuery.read(connection, after, upTo, Pushdown.of(filter), limits);
        } catch (SQLException e) {
            if (!Sql.UNTRANSLATABLE_CHARACTER.equals(e.getSQLState())) {
                throw e;
            }
            // The filter has a character that the database's encoding lacks, and can't be asked there.
            return EventQuery.read(connection, after, upTo, Pushdown.EVERYTHING, limits);
        }
    }

    private void requireChecked(EventPage page) {
        if (page.standby()) {
            throw Starts.standby();
        }
        Optional<Instant> checked = followed.serverStarted();
        if (tailer.isOpen() && checked.isPresent() && !checked.get().equals(page.serverStarted())) {
            throw new EventLogException(
                    "the server was started anew at " + page.serverStarted()
                            + ": the log can be read once its history has been checked",
                    null);
        }
    }

    @Override
    public Start resolve(StartFrom from) {
        return ask(
                "could not find the start " + from,
                connection -> Starts.of(connection).resolve(from, followed.head()));
    }

    @Override
    public void revoke(Revocation revocation) {
        boolean done = ask("could not revoke", connection -> {
            try (PreparedStatement call = connection.prepareStatement("SELECT everafter.revoke(?::text)")) {
                if (revocation.subject().isPresent()) {
                    call.setString(1, revocation.subject().get());
                } else {
                    call.setNull(1, Types.VARCHAR);
                }
                boolean called = call.execute();
                if (!connection.getAutoCommit()) {
                    connection.commit();
                }
                return called;
            }
        });
        if (!done) {
            throw new IllegalStateException("everafter.revoke gave no row");
        }
    }

    private interface Question<T> {
        T ask(Connection connection) throws SQLException;
    }

    private <T> T ask(String failure, Question<T> question) {
        try (Connection connection = source.getConnection()) {
            return question.ask(connection);
        } catch (SQLException e) {
            throw Sql.explain(failure, e);
        }
    }

    @Override
    public Tailer tailer() {
        return tailer.open(onClosed -> new PgTailer(sessions, listener, time, followed, onClosed));
    }

    @Override
    public LogStatus status() {
        return followed.status();
    }

    @Override
    public void close() {
        tailer.close();
    }

    /** Settings of one {@link PgEventLog}. Not safe for use by several threads. */
    public static final class Builder {
        private @Nullable DataSource source;
        private @Nullable TailSessions sessions;
        private PgListener listener = PgListener.NONE;
        private LongSupplier nanos = System::nanoTime;
        private Random random = new Random();

        private Builder() {}

        /** Where the past is read; required. May be a pool, and may go through a transaction pooler. */
        public Builder dataSource(DataSource catchUp) {
            this.source = catchUp;
            return this;
        }

        /** Opens the session that follows the log; this or {@link #tailer(String, Properties)} is required. */
        public Builder tailer(TailConnection factory) {
            return sessions(() -> TailSession.open(factory, TailSession::new));
        }

        /** As {@link TailConnection#of}. */
        public Builder tailer(String jdbcUrl, Properties properties) {
            return tailer(TailConnection.of(jdbcUrl, properties));
        }

        Builder sessions(TailSessions sessions) {
            this.sessions = sessions;
            return this;
        }

        /** Told of every transition. */
        public Builder listener(PgListener listener) {
            this.listener = listener;
            return this;
        }

        /** What measures durations; {@link System#nanoTime()} if not set. */
        public Builder nanos(LongSupplier nanos) {
            this.nanos = nanos;
            return this;
        }

        /** What spreads reconnects; seeded by chance if not set. */
        public Builder random(Random random) {
            this.random = random;
            return this;
        }

        /** Connects to nothing yet. */
        public PgEventLog build() {
            return new PgEventLog(this);
        }
    }
}
