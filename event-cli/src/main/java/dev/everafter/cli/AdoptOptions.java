package dev.everafter.cli;

import dev.everafter.core.Event;
import dev.everafter.pg.AdoptedLog;
import dev.everafter.pg.PgListener;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** A table of others to follow in place of a log of one's own. Set by picocli before the command runs. */
final class AdoptOptions {
    @Option(
            names = "--table",
            paramLabel = "TABLE",
            description =
                    "Follow this table, as SQL spells it (schema.table), in place of a log of everafter's own. Its rows"
                            + " are the events; the role needs SELECT on it, and nothing is created. See docs/adopting.md.")
    private @Nullable String table;

    @Option(
            names = "--id-column",
            paramLabel = "COLUMN",
            description =
                    "The column of its ids, which grow and come from a sequence. Without it that of the primary key.")
    private @Nullable String idColumn;

    @Option(
            names = "--time-column",
            paramLabel = "COLUMN",
            description =
                    "The column that says when a row was written, which should never change; UTC, if it has no zone."
                            + " Without it events have no time.")
    private @Nullable String timeColumn;

    @Option(names = "--channel", paramLabel = "NAME", description = "What the table's writers NOTIFY, if they do.")
    private @Nullable String channel;

    @Option(
            names = "--poll-interval",
            paramLabel = "MILLIS",
            description =
                    "How often the table is looked at while nothing is notified. 250 if not given, with --channel 5000.")
    private @Nullable Integer pollMillis;

    @Option(
            names = "--max-hold",
            paramLabel = "SECONDS",
            description =
                    "How long one transaction that took an id may hold back everybody's events. What it writes then comes"
                            + " late, outside of the order: logged, and in no client's stream. Without it no limit.")
    private @Nullable Integer maxHoldSeconds;

    Optional<String> table() {
        return Optional.ofNullable(table);
    }

    Optional<String> idColumn() {
        return Optional.ofNullable(idColumn);
    }

    Optional<String> timeColumn() {
        return Optional.ofNullable(timeColumn);
    }

    /** @throws CliException if the options don't go together */
    void check(boolean hasDatabase, boolean demo) {
        boolean others = idColumn != null
                || timeColumn != null
                || channel != null
                || pollMillis != null
                || maxHoldSeconds != null;
        if (table == null && others) {
            throw usage("--id-column, --time-column, --channel, --poll-interval and --max-hold need --table");
        }
        if (table != null && !hasDatabase) {
            throw usage("--table needs --database");
        }
        if (table != null && demo) {
            throw usage("--demo has a log of its own: leave --table out");
        }
        requirePositive("--poll-interval", pollMillis);
        requirePositive("--max-hold", maxHoldSeconds);
    }

    private static void requirePositive(String option, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw usage(option + " " + value + ": expected 1 or more");
        }
    }

    private static CliException usage(String message) {
        return new CliException(ExitCodes.USAGE, message, null);
    }

    /** The log, but for its connections. */
    AdoptedLog.Builder log(String table) {
        AdoptedLog.Builder log = AdoptedLog.builder(table).listener(new LateRows());
        idColumn().ifPresent(log::idColumn);
        timeColumn().ifPresent(log::timeColumn);
        Optional.ofNullable(channel).ifPresent(log::channel);
        Optional.ofNullable(pollMillis).map(Duration::ofMillis).ifPresent(log::pollInterval);
        Optional.ofNullable(maxHoldSeconds).map(Duration::ofSeconds).ifPresent(log::maxHold);
        return log;
    }

    /** Logs late rows whole, with how many there were: nobody else tells them. */
    private static final class LateRows implements PgListener {
        private static final Logger LOG = LoggerFactory.getLogger(LateRows.class);

        private final AtomicLong count = new AtomicLong();

        @Override
        public void onLate(Event event) {
            LOG.warn("late row no. {}, which no client was sent: {}", count.incrementAndGet(), event);
        }
    }
}
