package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Value;
import dev.everafter.testkit.PostgresFixture;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** However many rows an adopted table has, each statement that reads it goes by the id's index, and none sorts it. */
@Timeout(180)
class AdoptedPlanTest {
    private static final int ROWS = 50_000;

    /** A node of a plan has its scalars before its children. */
    private static final Pattern SCAN =
            Pattern.compile("\"Node Type\": \"(Seq|Bitmap Heap) Scan\",[^{}]*\"Relation Name\": \"logs\"");

    private static final Pattern SORT = Pattern.compile("\"Node Type\": \"(Incremental )?Sort\"");

    /** Sorts what it finds in all ranges, which is 200 rows at most. */
    private static boolean looksAgain(String sql) {
        return sql.contains("unnest");
    }

    @Test
    void shouldReadTheTableByItsIdsIndexAndSortNothing() throws Exception {
        Adopted adopted = Adopted.on(PostgresFixture.shared());
        adopted.db.execute(
                "INSERT INTO logs (v, at) SELECT g, timestamp '2026-01-01' + interval '1 s' * g"
                        + " FROM generate_series(1, " + ROWS + ") g",
                "DELETE FROM logs WHERE id > 49900 AND id % 10 = 0",
                "ANALYZE logs");
        Plans plans = new Plans();
        Counts counts = new Counts();
        DataSource explained = (DataSource) Proxy.newProxyInstance(
                DataSource.class.getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> plans.explained(adopted.source().getConnection()));
        try (AdoptedLog log = adopted.log()
                        .dataSource(explained)
                        .tailer(() -> plans.explained(adopted.source().getConnection()))
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log)) {
            adopted.db.execute(Adopted.insertSql(49910, "late"));
            await().until(() -> !counts.late.isEmpty());
            adopted.insert("x");
            tail.awaitEvents(1);
            log.range();
            log.read(ROWS / 2, tail.head(), Filter.all(), new ReadLimits(1000, 4 << 20));
            log.read(
                    ROWS / 2,
                    tail.head(),
                    Filter.eq(Attribute.data("v"), Value.of("9")),
                    new ReadLimits(1000, 4 << 20));
            log.resolve(StartFrom.time(Instant.parse("2026-01-01T05:00:00Z")));
        }
        Map<String, String> wrong = new TreeMap<>();
        int reading = 0;
        for (Map.Entry<String, String> plan : plans.bySql().entrySet()) {
            String json = plan.getValue();
            if (json.contains("\"Relation Name\": \"logs\"")) {
                reading++;
                boolean sorts = SORT.matcher(json).find() && !looksAgain(plan.getKey());
                if (sorts || SCAN.matcher(json).find()) {
                    wrong.put(plan.getKey(), json);
                }
            }
        }
        assertEquals(Map.of(), wrong);
        assertTrue(reading >= 6, reading + " statements that read the table were seen");
    }
}
