package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventHub;
import dev.everafter.core.Revocation;
import dev.everafter.pg.LogSchema;
import dev.everafter.pg.PgEventLog;
import dev.everafter.server.standalone.EventServer;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Rights that change, bob's each time in one transaction with the revocation, while others write rows of all teams, and two
 * servers of one database have clients that follow, and clients that begin at the beginning.
 *
 * <p>Bob may see the common rows, and of the teams one after the other: with each change the next and not the one before.
 * Carol may see the common rows, and with each change one more team.
 */
class RevokeOrderTest {
    private static final int PHASES = 8;
    private static final int ROWS_A_PHASE = 60;
    private static final int WRITERS = 3;
    private static final int COMMON = -1;
    private static final String QUERY =
            "SELECT jsonb_build_array('data.team', '=', team) FROM may_see WHERE subject = :subject";

    private final Random random = Seed.random("RevokeOrderTest");
    private final DataSource database =
            PostgresFixture.shared().dataSource(PostgresFixture.shared().newDatabase());
    private final List<Server> servers = new ArrayList<>();
    private final AtomicInteger written = new AtomicInteger();
    private final AtomicBoolean writing = new AtomicBoolean(true);
    private final ExecutorService writers = Executors.newFixedThreadPool(WRITERS);

    /** One of the servers, as its own process would have it. */
    private static final class Server implements AutoCloseable {
        private final PgEventLog log;
        private final EventHub hub;
        private final EventServer server;

        Server(DataSource database) throws InterruptedException {
            log = PgEventLog.builder()
                    .dataSource(database)
                    .tailer(database::getConnection)
                    .build();
            hub = EventHub.builder(log).pageEvents(50).build();
            assertTrue(hub.awaitStarted(Duration.ofSeconds(30)));
            KnownTokens tokens = new KnownTokens().with("bob", "bob").with("carol", "carol");
            server = EventServer.builder(hub)
                    .port(0)
                    .options(EndpointOptions.builder()
                            .authentication(Authentication.by(tokens).withPatience(Duration.ofMinutes(1)))
                            .accessPolicy(SqlAccessPolicy.of(database, QUERY))
                            .limits(Limits.DEFAULT.withConnectionsPerPrincipal(1_000))
                            .heartbeat(Duration.ofSeconds(1))
                            .batch(20)
                            .build())
                    .drainTimeout(Duration.ofSeconds(5))
                    .start();
        }

        @Override
        public void close() {
            server.close();
            hub.close();
            log.close();
        }
    }

    /** What the log says of one row, or of the change that made {@code team} visible to {@code subject}. */
    private record Logged(long id, int team, boolean revocation, String subject) {}

    private record Seen(long id, int team) {}

    @BeforeEach
    void begin() throws Exception {
        LogSchema schema = LogSchema.of(database);
        schema.install();
        execute("CREATE TABLE may_see (subject text, team int)");
        execute("CREATE TABLE item (id bigserial PRIMARY KEY, team int NOT NULL)");
        execute("INSERT INTO may_see VALUES ('bob', -1), ('carol', -1)");
        schema.capture("item");
        servers.add(new Server(database));
        servers.add(new Server(database));
    }

    @AfterEach
    void close() throws InterruptedException {
        writing.set(false);
        writers.shutdown();
        assertTrue(writers.awaitTermination(30, TimeUnit.SECONDS));
        servers.forEach(Server::close);
    }

    private void execute(String... statements) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (String sql : statements) {
                statement.execute(sql);
            }
            connection.commit();
        }
    }

    private void write(long seed) throws SQLException {
        Random mine = new Random(seed);
        try (Connection connection = database.getConnection();
                PreparedStatement insert = connection.prepareStatement("INSERT INTO item (team) VALUES (?)")) {
            while (writing.get()) {
                insert.setInt(1, mine.nextInt(PHASES + 1) - 1);
                insert.execute();
                written.incrementAndGet();
            }
        }
    }

    /** Waits by writing itself, so that each phase has its rows however slow the machine is. */
    private void awaitWritten(int rows) throws SQLException {
        int goal = written.get() + rows;
        try (Connection connection = database.getConnection();
                PreparedStatement insert = connection.prepareStatement("INSERT INTO item (team) VALUES (-1)")) {
            while (written.get() < goal) {
                insert.execute();
                written.incrementAndGet();
            }
        }
    }

    private TestClient follow(String who) {
        TestClient client = TestClient.withToken(
                servers.get(random.nextInt(servers.size())).server.port(), who);
        String size = random.nextBoolean() ? ",'maxMessage':1024" : "";
        client.send("{'type':'subscribe','sub':'s','from':'start'" + size + "}");
        return client;
    }

    @Test
    void shouldSendNothingByRevokedRightsAndAllThatThePresentOnesShow() throws Exception {
        Map<TestClient, String> clients = new HashMap<>();
        for (int i = 0; i < 2; i++) {
            clients.put(follow("bob"), "bob");
            clients.put(follow("carol"), "carol");
        }
        List<Future<?>> ends = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
            long seed = random.nextLong();
            ends.add(writers.submit(() -> {
                write(seed);
                return 0;
            }));
        }
        for (int phase = 0; phase < PHASES; phase++) {
            awaitWritten(ROWS_A_PHASE);
            execute(
                    "DELETE FROM may_see WHERE subject = 'bob' AND team >= 0",
                    "INSERT INTO may_see VALUES ('bob', " + phase + ")",
                    "SELECT everafter.revoke('bob')");
            execute("INSERT INTO may_see VALUES ('carol', " + phase + ")");
            servers.get(phase % 2).log.revoke(new Revocation(Optional.of("carol")));
            clients.put(follow("bob"), "bob");
        }
        awaitWritten(ROWS_A_PHASE);
        writing.set(false);
        for (Future<?> end : ends) {
            end.get(60, TimeUnit.SECONDS);
        }
        execute("INSERT INTO item (team) VALUES (-1)");
        List<Logged> logged = logged();

        clients.forEach((client, who) -> {
            List<Seen> seen = read(client, logged.get(logged.size() - 1).id());
            if (who.equals("bob")) {
                checkBob(logged, seen);
            } else {
                checkCarol(logged, seen);
            }
            client.close();
        });
    }

    /** All there is in the log, in its order. */
    private List<Logged> logged() throws SQLException {
        List<Logged> logged = new ArrayList<>();
        Map<String, Integer> phases = new HashMap<>();
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        SELECT c.id * 256 + ((e.n - 1) & 255), e.data ->> 'team', e.data ->> 'subject'
                        FROM everafter.commit_log c
                        JOIN everafter.event e ON e.seg = c.seg AND (e.n - 1) >> 8 = c.part
                        ORDER BY 1""")) {
            while (row.next()) {
                String subject = row.getString(3);
                boolean revocation = subject != null;
                int team = revocation ? phases.merge(subject, 1, Integer::sum) - 1 : row.getInt(2);
                logged.add(new Logged(row.getLong(1), team, revocation, String.valueOf(subject)));
            }
        }
        return logged;
    }

    private static List<Seen> read(TestClient client, long upTo) {
        List<Seen> seen = new ArrayList<>();
        while (seen.isEmpty() || seen.get(seen.size() - 1).id() < upTo) {
            JsonObject message = client.next();
            if (message.getString("type").equals("events")) {
                for (JsonValue item : message.getJsonArray("items")) {
                    JsonObject event = item.asJsonObject();
                    seen.add(new Seen(
                            event.getJsonNumber("id").longValue(),
                            event.getJsonObject("data").getInt("team")));
                }
            }
        }
        return seen;
    }

    private static void checkBob(List<Logged> logged, List<Seen> seen) {
        assertCommonOnceInOrder(logged, seen);
        Map<Integer, Long> ends = new HashMap<>();
        logged.stream()
                .filter(one -> one.revocation() && one.subject().equals("bob"))
                .forEach(one -> ends.put(one.team() - 1, one.id()));
        int newest = COMMON;
        for (Seen one : seen) {
            if (one.team() != COMMON) {
                assertTrue(
                        one.id() < ends.getOrDefault(one.team(), Long.MAX_VALUE),
                        "a leak: " + one + " came after the revocation " + ends.get(one.team()));
                // Each message is decided by the rights there are when it is sent, and those only go on.
                assertTrue(one.team() >= newest, "a leak on replay: " + one + " after rows of team " + newest);
                newest = one.team();
            }
        }
    }

    private static void checkCarol(List<Logged> logged, List<Seen> seen) {
        assertCommonOnceInOrder(logged, seen);
        Map<Integer, Long> begins = new HashMap<>();
        logged.stream()
                .filter(one -> one.revocation() && one.subject().equals("carol"))
                .forEach(one -> begins.put(one.team(), one.id()));
        List<Long> due = logged.stream()
                .filter(one -> !one.revocation()
                        && one.team() != COMMON
                        && one.id() > begins.getOrDefault(one.team(), Long.MAX_VALUE))
                .map(Logged::id)
                .toList();
        Set<Long> ids = seen.stream().map(Seen::id).collect(Collectors.toSet());
        assertEquals(List.of(), due.stream().filter(id -> !ids.contains(id)).toList(), "not sent though to be seen");
    }

    private static void assertCommonOnceInOrder(List<Logged> logged, List<Seen> seen) {
        assertEquals(
                logged.stream()
                        .filter(one -> !one.revocation() && one.team() == COMMON)
                        .map(Logged::id)
                        .toList(),
                seen.stream().filter(one -> one.team() == COMMON).map(Seen::id).toList());
        List<Long> ids = seen.stream().map(Seen::id).toList();
        assertEquals(ids.stream().sorted().distinct().toList(), ids, "out of order, or twice");
    }
}
