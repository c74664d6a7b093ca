package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Filter;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.StartFrom;
import dev.everafter.testkit.PostgresFixture;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import javax.sql.DataSource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** However long the log is, each statement that reads it goes by an index, and none sorts it. */
@Timeout(1200)
class PlanTest {
    /** As of a log of millions: {@code -Dplan.rows=20000000}. */
    private static final int ROWS = Integer.getInteger("plan.rows", 100_000);

    private static final Set<String> LOG = Set.of("event", "commit_log");
    private static final ReadLimits LIMITS = new ReadLimits(1000, 4 << 20);

    private final Db db = Db.installed(PostgresFixture.shared());
    private final Counts counts = new Counts();
    private final Plans plans = new Plans();

    private DataSource explained() {
        return (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> plans.explained(db.connect()));
    }

    /** Segments below zero are nobody else's. */
    private void fill() throws Exception {
        db.execute(
                "ALTER TABLE everafter.event DISABLE TRIGGER USER",
                "INSERT INTO everafter.event (seg, n, topic, type, key, data) SELECT -g, 1, 'topic ' || g % 100, 'insert',"
                        + " jsonb_build_object('id', g), jsonb_build_object('v', g::text) FROM generate_series(1, "
                        + ROWS
                        + ") g",
                "ALTER TABLE everafter.event ENABLE TRIGGER USER",
                "INSERT INTO everafter.commit_log (id, seg, part, at, tx, durable) OVERRIDING SYSTEM VALUE"
                        + " SELECT g, -g, 0, now() - interval '1 ms' * (" + ROWS + " - g), '1', true"
                        + " FROM generate_series(1, " + ROWS + ") g",
                "SELECT setval('everafter.commit_log_id_seq', " + ROWS + ")",
                "ANALYZE everafter.event, everafter.commit_log");
    }

    /** All that a reader does: it starts, reads, waits for a hole, sleeps, loses its session, and others catch up. */
    private void readInEveryWay() throws Exception {
        TailSessions sessions =
                () -> TailSession.open(() -> plans.explained(db.connect()), connection -> new TailSession(connection));
        try (PgEventLog log = PgEventLog.builder()
                        .dataSource(explained())
                        .sessions(sessions)
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log);
                Connection open = db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, "SET CONSTRAINTS ALL IMMEDIATE", "SELECT everafter.emit('t', 'x', '1')");
            db.execute("SELECT everafter.emit('t', 'x', '2')");
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !counts.held.isEmpty());
            open.commit();
            tail.awaitEvents(2);
            int armed = counts.armed.get();
            db.execute("SELECT everafter.emit('t', 'x', '3')");
            tail.awaitEvents(3);
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> counts.armed.get() > armed);
            // Again and again: at the moment of one look it may be about to fall asleep, and not idle.
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
                db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND query LIKE '%everafter%' AND pid <> pg_backend_pid() AND state = 'idle'");
                return counts.connected.get() > 1;
            });

            long middle = ROWS / 2 * 256L;
            log.range();
            log.read(middle, tail.head(), Filter.all(), LIMITS);
            log.read(middle, tail.head(), Filter.topic("topic 7"), LIMITS);
            log.resolve(StartFrom.now());
            log.resolve(StartFrom.beginning());
            log.resolve(StartFrom.time(Instant.now().minusSeconds(60)));
            db.execute("SELECT everafter.head()");
            try (Connection connection = plans.explained(db.connect())) {
                Db.execute(connection, "SELECT max(id) * 256 + 255 FROM everafter.commit_log");
            }
        }
    }

    @Test
    void shouldReadTheLogByItsIndexesAndSortNothing() throws Exception {
        fill();
        readInEveryWay();

        Map<String, String> wrong = new TreeMap<>();
        int reading = 0;
        for (Map.Entry<String, String> plan : plans.bySql().entrySet()) {
            List<JsonObject> nodes = new ArrayList<>();
            collect(
                    RawJson.of(plan.getValue())
                            .parse()
                            .asJsonArray()
                            .getJsonObject(0)
                            .getJsonObject("Plan"),
                    nodes);
            if (nodes.stream().noneMatch(PlanTest::isOfLog)) {
                continue;
            }
            reading++;
            for (JsonObject node : nodes) {
                String type = node.getString("Node Type");
                boolean byIndex = type.equals("Index Scan") || type.equals("Index Only Scan");
                if ((isOfLog(node) && !byIndex) || type.equals("Sort")) {
                    wrong.put(plan.getKey(), type + " in " + plan.getValue());
                }
            }
            if (Boolean.getBoolean("plan.print")) {
                System.out.println(plan.getKey() + "\n" + shape(nodes));
            }
        }
        assertEquals(Map.of(), wrong);
        assertTrue(reading >= 7, reading + " statements that read the log were seen");
    }

    private static boolean isOfLog(JsonObject node) {
        return LOG.contains(node.getString("Relation Name", ""));
    }

    private static void collect(JsonObject node, List<JsonObject> nodes) {
        nodes.add(node);
        if (node.containsKey("Plans")) {
            for (JsonValue child : node.getJsonArray("Plans")) {
                collect(child.asJsonObject(), nodes);
            }
        }
    }

    private static List<String> shape(List<JsonObject> nodes) {
        return nodes.stream()
                .map(node -> node.getString("Node Type") + " " + node.getString("Relation Name", "")
                        + node.getString("Index Name", ""))
                .toList();
    }
}
