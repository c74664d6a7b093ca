package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.everafter.core.EventHub;
import dev.everafter.core.RawJson;
import dev.everafter.pg.LogSchema;
import dev.everafter.pg.PgEventLog;
import dev.everafter.server.standalone.EventServer;
import dev.everafter.testkit.PostgresFixture;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** A session costs its socket, and no connection to the database. */
class ThousandSessionsTest {
    private static final int SESSIONS = 1_000;
    private static final int POOL = 4;

    @Test
    void shouldUseOneTailConnectionAndThePoolWhenAThousandAreSubscribed() throws Exception {
        PostgresFixture postgres = PostgresFixture.shared();
        String url = postgres.newDatabase();
        DataSource direct = postgres.dataSource(url);
        LogSchema.of(direct).install();
        emit(direct, 0);

        HikariConfig pool = new HikariConfig();
        pool.setJdbcUrl(url);
        pool.setMaximumPoolSize(POOL);
        pool.addDataSourceProperty("ApplicationName", "pool");
        Properties tail = new Properties();
        tail.setProperty("ApplicationName", "tail");
        List<TestClient> clients = new ArrayList<>();
        try (HikariDataSource catchUp = new HikariDataSource(pool);
                PgEventLog log = PgEventLog.builder()
                        .dataSource(catchUp)
                        .tailer(url, tail)
                        .build();
                EventHub hub = EventHub.builder(log).build();
                EventServer server =
                        EventServer.builder(hub).port(0).options(options()).start()) {
            assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
            for (int i = 0; i < SESSIONS; i++) {
                TestClient client = TestClient.open(server.port());
                clients.add(client);
                // Each its own filter, so that none shares another's work; the first event is read back from the log.
                client.send(
                        "{'type':'subscribe','sub':'s','from':'start','where':['or',['data.n','in',[0,1]],['data.n','=',"
                                + (i + 10) + "]]}");
            }
            for (TestClient client : clients) {
                assertEquals(0, number(client.skipTo("events")));
                client.skipTo("caughtUp");
            }
            assertEquals(SESSIONS, server.sessions());

            emit(direct, 1);
            long to = 0;
            for (TestClient client : clients) {
                JsonObject events = client.skipTo("events");
                assertEquals(1, number(events));
                assertTrue(to == 0 || to == id(events, "to"));
                to = id(events, "to");
            }

            try (Connection observer = direct.getConnection()) {
                // What has emitted is closed, but its backend may take a moment to end.
                await().untilAsserted(() -> assertEquals(
                        Set.of("pool", "tail"), connections(observer).keySet()));
                Map<String, Integer> connections = connections(observer);
                System.out.println(SESSIONS + " sessions, connections by application: " + connections);
                assertEquals(1, connections.getOrDefault("tail", 0));
                assertTrue(connections.getOrDefault("pool", 0) <= POOL, connections::toString);
            }
        } finally {
            clients.forEach(TestClient::close);
        }
    }

    private static int number(JsonObject events) {
        return events.getJsonArray("items")
                .getJsonObject(0)
                .getJsonObject("data")
                .getInt("n");
    }

    private static void emit(DataSource source, int n) throws SQLException {
        try (Connection connection = source.getConnection()) {
            connection.setAutoCommit(false);
            LogSchema.emit(connection, "topic", "happened", RawJson.of("{\"n\":" + n + "}"), null);
            connection.commit();
        }
    }

    /** All connections to this database but the observer. */
    private static Map<String, Integer> connections(Connection observer) throws SQLException {
        Map<String, Integer> found = new TreeMap<>();
        try (PreparedStatement query =
                        observer.prepareStatement("select application_name, count(*) from pg_stat_activity"
                                + " where datname = current_database() and pid <> pg_backend_pid() group by 1");
                ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                found.put(rows.getString(1), rows.getInt(2));
            }
        }
        return found;
    }

    /** They all have one address. */
    private static EndpointOptions options() {
        return EndpointOptions.builder()
                .limits(Limits.DEFAULT.withConnectionsPerAddress(2 * SESSIONS))
                .build();
    }
}
