package dev.everafter.examples.history;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.everafter.core.EventHub;
import dev.everafter.core.EventLog;
import dev.everafter.core.HubListener;
import dev.everafter.pg.LogSchema;
import dev.everafter.pg.PgEventLog;
import dev.everafter.testkit.LogTable;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import dev.everafter.testkit.TransactionMix;
import dev.everafter.testkit.Verdict;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Cursors that change between live and catching up thousands of times, at random speeds, through a tail of a few dozen events
 * of a real log: at the end the history of each is the table.
 */
class StateChangesTest {
    private static final int WANDERERS = 20;
    private static final int WRITERS = 3;
    private static final long TAIL_BYTES = 8 << 10;
    /** Some of these, who stand still for few events only, hardly ever fall behind. */
    private static final int[] PAUSES = {5, 60, 120};

    private final AtomicInteger caughtUp = new AtomicInteger();
    private final AtomicInteger fellBehind = new AtomicInteger();
    private final Standstill standstill = new Standstill(WANDERERS / 2);

    @Test
    @Timeout(300)
    void shouldTellEachItsEventsThroughThousandsOfStateChanges() throws Exception {
        check("StateChangesTest", 2_000, Duration.ofMinutes(4));
    }

    @Test
    @Tag("stress")
    @Timeout(7_200)
    void shouldTellEachItsEventsThroughHundredsOfThousandsOfStateChanges() throws Exception {
        check("StateChangesTest, long", Integer.getInteger("state.changes", 200_000), Duration.ofMinutes(100));
    }

    /** @param changes between live and catching up, either way */
    private void check(String name, int changes, Duration patience) throws Exception {
        Random random = Seed.random(name);
        String url = PostgresFixture.shared().newDatabase();
        DataSource direct = PostgresFixture.shared().dataSource(url);
        LogSchema.of(direct).install();
        execute(direct, TransactionMix.SCHEMA);
        ExecutorService threads = Executors.newCachedThreadPool();
        try (HikariDataSource pool = pool(url);
                EventLog log = PgEventLog.builder()
                        .dataSource(pool)
                        .tailer(url, new Properties())
                        .build();
                EventHub hub = hub(log)) {
            List<Wanderer> wanderers = new ArrayList<>();
            List<Future<?>> working = new ArrayList<>();
            for (int i = 0; i < WANDERERS; i++) {
                wanderers.add(new Wanderer(
                        "wanderer " + (i + 1),
                        hub,
                        Watches.LIST,
                        i % Watches.LIST.size(),
                        standstill,
                        PAUSES[i % PAUSES.length],
                        new Random(random.nextLong())));
            }
            wanderers.forEach(wanderer -> working.add(threads.submit(wanderer)));
            for (int w = 1; w <= WRITERS; w++) {
                working.add(threads.submit(
                        new SmallTransactions(direct, w, new Random(random.nextLong()), standstill::awaitDemand)));
            }
            await().atMost(patience)
                    .until(() ->
                            2 * fellBehind.get() >= changes || working.stream().anyMatch(Future::isDone));
            standstill.end();
            for (Future<?> each : working) {
                each.get();
            }
            long head = head(direct);
            for (Wanderer wanderer : wanderers) {
                wanderer.finish(head);
            }
            compare(name, LogTable.read(direct, Watches.LIST), wanderers);
        } finally {
            standstill.end();
            threads.shutdownNow();
            assertTrue(threads.awaitTermination(30, TimeUnit.SECONDS));
        }
    }

    private void compare(String name, LogTable table, List<Wanderer> wanderers) {
        Verdict verdict =
                Verdict.of(table, wanderers.stream().map(each -> each.history).toList());
        Figures figures = new Figures(name);
        figures.add("events in the log", table.events());
        figures.add("cursors", wanderers.size());
        figures.add(
                "deliveries",
                wanderers.stream().mapToInt(each -> each.history.deliveries()).sum());
        figures.add("changes from live to catching up", fellBehind.get());
        figures.add("changes from catching up to live", caughtUp.get());
        figures.add(
                "left and came back",
                wanderers.stream().mapToInt(Wanderer::reopened).sum());
        figures.addAll(verdict.errors());
        figures.print();
        assertTrue(verdict.clean(), () -> verdict.toString());
    }

    private EventHub hub(EventLog log) {
        return EventHub.builder(log)
                .tailBytes(TAIL_BYTES)
                .pageEvents(100)
                .pageBytes(32 << 10)
                .pageBudgetBytes(256 << 10)
                .listener(new HubListener() {
                    @Override
                    public void onCaughtUp() {
                        caughtUp.incrementAndGet();
                    }

                    @Override
                    public void onFellBehind() {
                        fellBehind.incrementAndGet();
                    }

                    @Override
                    public void onEvicted(int events, long tailBytes) {
                        standstill.letGo(events);
                    }
                })
                .build();
    }

    private static HikariDataSource pool(String url) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(3);
        return new HikariDataSource(config);
    }

    private static void execute(DataSource source, List<String> statements) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static long head(DataSource source) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT everafter.head()")) {
            row.next();
            return row.getLong(1);
        }
    }
}
