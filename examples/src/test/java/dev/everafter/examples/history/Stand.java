package dev.everafter.examples.history;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.everafter.core.EventHub;
import dev.everafter.core.EventLog;
import dev.everafter.core.HubListener;
import dev.everafter.pg.LogSchema;
import dev.everafter.pg.PgEventLog;
import dev.everafter.server.EndpointOptions;
import dev.everafter.server.standalone.EventServer;
import dev.everafter.testkit.LoopbackPorts;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.TcpProxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;

/**
 * The system under test: a database, and a server that reaches it through two proxies, one for the tailer's session and
 * one for the pool. The server can be stopped and started, on the same port.
 *
 * <p>For one thread, but for its counts.
 */
final class Stand implements AutoCloseable {
    static final String TAILER = "everafter tailer";
    static final String POOL = "everafter pool";
    /** Small, so that whoever is away or stands still for a moment falls behind, and reads the log. */
    private static final long TAIL_BYTES = 128 << 10;

    final PostgresFixture postgres;
    final String url;
    /** Past the proxies. */
    final DataSource direct;

    final TcpProxy tailSide;
    final TcpProxy poolSide;
    final int port = LoopbackPorts.free();
    final AtomicInteger fellBehind = new AtomicInteger();
    final AtomicInteger caughtUp = new AtomicInteger();
    private final AtomicLong published = new AtomicLong();
    private final Changes changes;
    private final Duration heartbeat;
    private AutoCloseable running = () -> {};

    /**
     * What a test makes otherwise than it is.
     *
     * @param log gets the URL by which the tailer connects, too
     */
    record Changes(
            BiConsumer<PgEventLog.Builder, String> log,
            UnaryOperator<EventLog> asSeen,
            Consumer<EventHub.Builder> hub) {
        static final Changes NONE = new Changes((log, url) -> {}, log -> log, hub -> {});
    }

    /**
     * In a new database of {@code postgres}, with the log installed; the server is not started yet.
     *
     * @param heartbeat the server's; a client leaves a server that it has not heard for two of them
     */
    Stand(PostgresFixture postgres, Changes changes, Duration heartbeat) {
        this.postgres = postgres;
        this.url = postgres.newDatabase();
        this.direct = postgres.dataSource(url);
        this.tailSide = TcpProxy.to(postgres.port());
        this.poolSide = TcpProxy.to(postgres.port());
        this.changes = changes;
        this.heartbeat = heartbeat;
        LogSchema.of(direct).install();
    }

    void start() {
        HikariDataSource pool = pool();
        PgEventLog.Builder builder = PgEventLog.builder().dataSource(pool).tailer(by(tailSide), new Properties());
        changes.log.accept(builder, by(tailSide));
        EventLog log = changes.asSeen.apply(builder.build());
        EventHub.Builder hubBuilder =
                EventHub.builder(log).tailBytes(TAIL_BYTES).listener(counter());
        changes.hub.accept(hubBuilder);
        EventHub hub = hubBuilder.build();
        EventServer server = EventServer.builder(hub)
                .port(port)
                .drainTimeout(Duration.ofSeconds(2))
                .options(EndpointOptions.builder()
                        .heartbeat(heartbeat)
                        .sendDeadline(Duration.ofSeconds(5))
                        .build())
                .start();
        running = () -> {
            server.close();
            hub.close();
            log.close();
            pool.close();
        };
    }

    /** Drains, and ends. */
    void stop() throws Exception {
        AutoCloseable before = running;
        running = () -> {};
        before.close();
    }

    private HikariDataSource pool() {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(by(poolSide) + "&ApplicationName=" + POOL.replace(" ", "%20") + "&socketTimeout=10");
        config.setMaximumPoolSize(4);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(2_000);
        config.setInitializationFailTimeout(-1);
        return new HikariDataSource(config);
    }

    private String by(TcpProxy proxy) {
        return url.replace(":" + postgres.port() + "/", ":" + proxy.port() + "/");
    }

    private HubListener counter() {
        return new HubListener() {
            @Override
            public void onFellBehind() {
                fellBehind.incrementAndGet();
            }

            @Override
            public void onCaughtUp() {
                caughtUp.incrementAndGet();
            }

            @Override
            public void onHead(long head, int events) {
                published.set(head);
            }
        };
    }

    /** The head that the hub has published last. */
    long published() {
        return published.get();
    }

    void execute(List<String> statements) throws SQLException {
        try (Connection connection = direct.getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    long number(String sql) throws SQLException {
        try (Connection connection = direct.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    /** An id that is reached when everything that is committed now has been delivered. */
    long head() throws SQLException {
        return number("SELECT everafter.head()");
    }

    /** Ends the sessions of that name in this database. */
    void terminate(String application) throws SQLException {
        execute(List.of("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND application_name = '" + application + "'"));
    }

    @Override
    public void close() throws Exception {
        stop();
        tailSide.close();
        poolSide.close();
    }
}
