package dev.everafter.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import dev.everafter.benchmarks.Rounds.Variant;
import dev.everafter.core.Filter;
import dev.everafter.core.Page;
import dev.everafter.core.ReadLimits;
import dev.everafter.pg.PgEventLog;
import java.sql.Connection;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;

/**
 * How long it takes to read the whole log in pages of 1,000, as those do that catch up, one event a transaction, beside a
 * plain JDBC loop that reads the same rows with the same join, and {@code COPY} of them.
 *
 * <p>For one thread.
 */
final class LogReading implements Benchmark {
    private static final String BOUND = "JDBC loop";
    private static final ReadLimits PAGE = new ReadLimits(1_000, 4 << 20);

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int events = options.size(1_000_000, 2_000);
        String url = database.newLog();
        try (Connection connection = Database.connect(url);
                HikariDataSource pool = new HikariDataSource();
                PgEventLog log = PgEventLog.builder()
                        .dataSource(pool)
                        .tailer(url, new Properties())
                        .build()) {
            pool.setJdbcUrl(url);
            pool.setMaximumPoolSize(1);
            CatchUp.fill(connection, events);
            results.accept(options.rounds(1, 3)
                    .run(
                            "reading " + events + " events",
                            BOUND,
                            List.of(
                                    new Variant(
                                            BOUND,
                                            () -> CatchUp.timed(database, () -> CatchUp.loop(connection, events))),
                                    new Variant("pages", () -> CatchUp.timed(database, () -> pages(log, events))),
                                    new Variant(
                                            "COPY",
                                            () -> CatchUp.timed(database, () -> CatchUp.copy(connection, events))))));
        }
    }

    private static void pages(PgEventLog log, int expected) {
        long head = log.range().head();
        int read = 0;
        for (long position = 0; position < head; ) {
            Page page = log.read(position, head, Filter.all(), PAGE);
            read += page.events().size();
            position = page.scannedTo();
        }
        CatchUp.require(read, expected);
    }
}
