package dev.everafter.pg;

import dev.everafter.core.EventLog;
import dev.everafter.core.EventLogException;
import dev.everafter.core.Filter;
import dev.everafter.core.Gap;
import dev.everafter.core.LogRange;
import dev.everafter.core.LogStatus;
import dev.everafter.core.Page;
import dev.everafter.core.Position;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Tailer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A table that others made and write, as a log: each of its rows is an event, once, in the order of the ids that a sequence
 * gave them, and none is passed over that a transaction may still commit. SELECT on the table is right enough; nothing is
 * created or written.
 *
 * <p>Where ids are not given out one by one by the sequence (pooled ids, CACHE above 1, ids that are written by hand,
 * setval), no reader can know of a row that comes below what was delivered; {@link Doctor} finds such causes. What was
 * passed over is looked at again for a stated time, and a row found there is told to {@link PgListener#onLate}, and logged:
 * it is in no subscriber's stream. A long transaction that took an id holds everybody back, unless {@link
 * Builder#maxHold} says otherwise. Updates and deletes of rows are no events.
 *
 * <p>An event's topic is schema.table, its type {@code insert}, its key the id column, its data all columns. It is said to
 * be the {@linkplain Event#last() last} of its transaction, and names none: the table doesn't tell. Its time is the time
 * column's; without one the Unix epoch, and a start at a time is the beginning.
 *
 * <p>Histories are told apart by system identifier, timeline and object ids, and by the rows delivered last. They are
 * remembered by this object alone: one made anew knows the present history, and no position of another.
 *
 * <p>Safe for use by any thread.
 */
public final class AdoptedLog implements EventLog {
    /** Times need not grow with ids: a transaction may be that long, and a clock that wrong. */
    private static final Duration DISORDER = Duration.ofMinutes(10);

    private final DataSource source;
    private final AdoptedTable.Request request;
    private final AdoptedTailer.Sessions sessions;
    private final AdoptedTailer.Options options;
    private final PgListener listener;
    private final Time time;
    private final Followed followed = new Followed(TailerSlot.nobodyFollows());
    private final TailerSlot tailer = new TailerSlot(followed);
    private final AtomicReference<@Nullable Lineage> lineage = new AtomicReference<>();
    /** As it was found last; anything that fails makes it be found anew. */
    private final AtomicReference<@Nullable AdoptedTable> table = new AtomicReference<>();

    /** Makes the sessions that follow. Tests make their own, which leave a step out. */
    interface Maker {
        AdoptedSession make(Connection connection, AdoptedTable.Request request, Optional<String> channel)
                throws SQLException;
    }

    private AdoptedLog(Builder builder) {
        this.source = Objects.requireNonNull(builder.source, "dataSource");
        this.request = new AdoptedTable.Request(builder.table, builder.idColumn, builder.timeColumn);
        TailConnection factory = Objects.requireNonNull(builder.tailer, "tailer");
        Maker maker = builder.maker;
        Optional<String> channel = builder.channel;
        this.sessions = () -> SequenceSession.open(factory, connection -> maker.make(connection, request, channel));
        this.options = builder.options();
        this.listener = builder.listener;
        this.time = new Time(builder.nanos, builder.random);
    }

    /**
     * Starts with the primary key for the id column, no time column, no channel, a poll each 250 ms, or each 5 s behind a
     * channel, no limit to how long a transaction holds the log back, an hour for rows that come late, no listener, the
     * system's clock, and chance.
     *
     * @param table as SQL spells it, with its schema: {@code public.logs}
     */
    public static Builder builder(String table) {
        return new Builder(table);
    }

    @Override
    public LogRange range() {
        return ask("could not read the range of " + request.table(), (connection, query) -> {
            AdoptedQuery.Look now = query.look(connection);
            long head = head(now);
            return new LogRange(present(now.header()).epoch(), now.header().oldest(head), head);
        });
    }

    private static long head(AdoptedQuery.Look now) {
        return now.newest() == 0 ? now.counter() : now.newest();
    }

    @Override
    public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
        try {
            return read(after, upTo, Pushdown.of(filter), limits);
        } catch (EventLogException e) {
            if (e.getCause() instanceof SQLException sql && Sql.UNTRANSLATABLE_CHARACTER.equals(sql.getSQLState())) {
                // The filter has a character that the database's encoding lacks, and can't be asked there.
                return read(after, upTo, Pushdown.EVERYTHING, limits);
            }
            throw e;
        }
    }

    private Page read(long after, long upTo, Pushdown pushdown, ReadLimits limits) {
        return ask("could not read " + request.table() + " after " + after, (connection, query) -> {
            AdoptedQuery.AdoptedPage page = query.read(connection, after, upTo, pushdown, limits);
            String epoch = present(page.header()).epoch();
            return new Page(epoch, page.header().oldest(upTo), page.events(), page.scannedTo());
        });
    }

    @Override
    public Start resolve(StartFrom from) {
        return ask("could not find the start " + from, (connection, query) -> {
            AdoptedQuery.Look now = query.look(connection);
            return resolve(from, now, present(now.header()), connection, query);
        });
    }

    private Start resolve(
            StartFrom from, AdoptedQuery.Look now, Lineage present, Connection connection, AdoptedQuery query)
            throws SQLException {
        long proven = followed.head()
                .filter(position -> position.epoch().equals(present.epoch()))
                .map(Position::id)
                .orElse(head(now));
        long handedOut = Math.max(now.counter(), now.newest());
        if (from instanceof StartFrom.After after) {
            Position position = after.position();
            OptionalLong shared = present.sharedWith(position.epoch());
            if (shared.isEmpty()) {
                return new Start.UnknownEpoch(position.epoch());
            }
            boolean same = position.epoch().equals(present.epoch());
            long most = same ? handedOut : shared.getAsLong();
            return position.id() <= most
                    ? at(present, position.id())
                    : rewound(position, present, same ? proven : most);
        }
        if (from instanceof StartFrom.AfterId after) {
            return after.id() <= handedOut ? at(present, after.id()) : new Start.Ahead(after.id(), proven);
        }
        long oldest = now.header().oldest(proven);
        if (from instanceof StartFrom.Time when) {
            return at(present, query.before(connection, when.instant().minus(DISORDER), oldest, proven));
        }
        return at(present, from == StartFrom.Beginning.INSTANCE ? oldest : proven);
    }

    private static Start rewound(Position position, Lineage present, long to) {
        return new Start.Rewound(new Gap(Gap.Reason.REWOUND, to, position.id(), new Position(present.epoch(), to)));
    }

    private static Start.At at(Lineage present, long id) {
        return new Start.At(new Position(present.epoch(), id));
    }

    /** The history that was read; refused if it is not the one that is followed. */
    private Lineage present(AdoptedQuery.Header header) {
        if (header.run().identity().timeline().isEmpty()) {
            throw Starts.standby();
        }
        Lineage known = lineage.get();
        if (known != null && known.run().equals(header.run())) {
            return known;
        }
        if (known != null && tailer.isOpen()) {
            throw new EventLogException(
                    request.table()
                            + " is another one than what was followed, or its server was started anew: it can be"
                            + " read once its history has been checked",
                    null);
        }
        return Lineage.beginning(header.run());
    }

    private interface Question<T> {
        T ask(Connection connection, AdoptedQuery query) throws SQLException;
    }

    /** Where the table isn't any more as it was found, it is found anew. */
    private <T> T ask(String failure, Question<T> question) {
        boolean foundBefore = table.get() != null;
        try {
            return askOnce(failure, question);
        } catch (EventLogException e) {
            table.set(null);
            if (!foundBefore) {
                throw e;
            }
        }
        return askOnce(failure, question);
    }

    private <T> T askOnce(String failure, Question<T> question) {
        try (Connection connection = source.getConnection()) {
            return PageRows.inTransaction(connection, () -> {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(AdoptedQuery.BORROWED);
                }
                AdoptedTable known = table.get();
                if (known == null) {
                    known = request.find(connection);
                    table.set(known);
                }
                return question.ask(connection, new AdoptedQuery(known));
            });
        } catch (SQLException e) {
            throw Sql.explain(failure, e);
        }
    }

    @Override
    public Tailer tailer() {
        return tailer.open(
                onClosed -> new AdoptedTailer(sessions, options, lineage, listener, time, followed, onClosed));
    }

    @Override
    public LogStatus status() {
        return followed.status();
    }

    @Override
    public void close() {
        tailer.close();
    }

    /** Settings of one {@link AdoptedLog}. Not safe for use by several threads. */
    public static final class Builder {
        private static final Duration POLL = Duration.ofMillis(250);
        private static final Duration POLL_BEHIND_CHANNEL = Duration.ofSeconds(5);
        private static final Duration KEPT = Duration.ofHours(1);

        private final String table;
        private Optional<String> idColumn = Optional.empty();
        private Optional<String> timeColumn = Optional.empty();
        private Optional<String> channel = Optional.empty();
        private Optional<Duration> poll = Optional.empty();
        private Optional<Duration> maxHold = Optional.empty();
        private Duration kept = KEPT;
        private Duration recheck = Duration.ofSeconds(2);
        private @Nullable DataSource source;
        private @Nullable TailConnection tailer;
        private Maker maker = AdoptedSession::new;
        private PgListener listener = PgListener.NONE;
        private LongSupplier nanos = System::nanoTime;
        private Random random = new Random();

        private Builder(String table) {
            this.table = Objects.requireNonNull(table, "table");
        }

        /** The column of the ids; it must have a unique index of its own, and a sequence. */
        public Builder idColumn(String column) {
            this.idColumn = Optional.of(column);
            return this;
        }

        /** The column that says when a row was written, best by the default of the column: a timestamp (UTC, if without a
         * zone) or a date. It should never change, since it also tells rows apart. */
        public Builder timeColumn(String column) {
            this.timeColumn = Optional.of(column);
            return this;
        }

        /** What the table's writers notify in their transactions. */
        public Builder channel(String channel) {
            this.channel = Optional.of(channel);
            return this;
        }

        /** How often the table is looked at while nothing is notified; at least each 10 s, whatever is said here. */
        public Builder pollInterval(Duration interval) {
            this.poll = Optional.of(requirePositive(interval, "pollInterval"));
            return this;
        }

        /** How long one transaction that took an id may hold everybody back; what it writes then comes late. */
        public Builder maxHold(Duration most) {
            this.maxHold = Optional.of(requirePositive(most, "maxHold"));
            return this;
        }

        /** How long ids that were passed over are looked at again. */
        public Builder lateFor(Duration kept) {
            this.kept = requirePositive(kept, "lateFor");
            return this;
        }

        Builder recheckEach(Duration interval) {
            this.recheck = interval;
            return this;
        }

        /** Where the past is read; required. May be a pool, and may go through a transaction pooler. */
        public Builder dataSource(DataSource catchUp) {
            this.source = catchUp;
            return this;
        }

        /** Opens the session that follows the table; this or {@link #tailer(String, Properties)} is required. */
        public Builder tailer(TailConnection factory) {
            this.tailer = factory;
            return this;
        }

        /** As {@link TailConnection#of}. */
        public Builder tailer(String jdbcUrl, Properties properties) {
            return tailer(TailConnection.of(jdbcUrl, properties));
        }

        Builder sessions(Maker maker) {
            this.maker = maker;
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

        private static Duration requirePositive(Duration duration, String name) {
            if (duration.isNegative() || duration.isZero()) {
                throw new IllegalArgumentException(name + " must be above 0, and is " + duration);
            }
            return duration;
        }

        private AdoptedTailer.Options options() {
            Duration each = poll.orElse(channel.isPresent() ? POLL_BEHIND_CHANNEL : POLL);
            return new AdoptedTailer.Options(each, maxHold, kept, recheck);
        }

        /** Connects to nothing yet. */
        public AdoptedLog build() {
            return new AdoptedLog(this);
        }
    }
}
