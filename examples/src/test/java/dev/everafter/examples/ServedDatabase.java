package dev.everafter.examples;

import dev.everafter.core.EventHub;
import dev.everafter.pg.LogSchema;
import dev.everafter.pg.PgEventLog;
import dev.everafter.server.standalone.EventServer;
import dev.everafter.testkit.LoopbackPorts;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.sql.DataSource;

/** The whole path: a captured table {@code orders} in a PostgreSQL, and all that serves it, on one port for good. */
final class ServedDatabase implements AutoCloseable {
    private final String url = PostgresFixture.shared().newDatabase();
    private final DataSource database = PostgresFixture.shared().dataSource(url);
    private final int port = LoopbackPorts.free();
    private PgEventLog log;
    private EventHub hub;
    private EventServer server;

    ServedDatabase() throws SQLException {
        execute("CREATE TABLE orders (id bigint PRIMARY KEY, state text)");
        LogSchema schema = LogSchema.of(database);
        schema.install();
        schema.capture("public.orders");
        log = openLog();
        hub = EventHub.builder(log).build();
        server = serve();
    }

    private PgEventLog openLog() {
        return PgEventLog.builder()
                .dataSource(database)
                .tailer(url, new Properties())
                .build();
    }

    private EventServer serve() {
        return EventServer.builder(hub).port(port).start();
    }

    int port() {
        return port;
    }

    void execute(String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The ids of all events, as the database has them. */
    List<Long> ids() throws SQLException {
        List<Long> ids = new ArrayList<>();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT c.id * 256 + (e.n - 1) % 256 AS id"
                        + " FROM everafter.event e JOIN everafter.commit_log c"
                        + " ON c.seg = e.seg AND c.part = (e.n - 1) / 256 ORDER BY 1")) {
            while (rows.next()) {
                ids.add(rows.getLong("id"));
            }
        }
        return ids;
    }

    /** Ends all that serves the table. */
    void stop() {
        server.close();
        hub.close();
        log.close();
    }

    /** Serves it anew, as a new process would. */
    void start() {
        log = openLog();
        hub = EventHub.builder(log).build();
        server = serve();
    }

    @Override
    public void close() {
        stop();
    }
}
