package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A page's cost must not grow with the log. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class PagePlanRegressionTest {
    private static final int EVENTS = 20_000;
    private static final int PAGE = 100;
    private static final Pattern ROWS_SEEN = Pattern.compile("actual time=\\S+ rows=(\\d+)");

    /** NOT EXISTS for {@code last} made PostgreSQL hash all of everafter.event for each page. */
    @Test
    void shouldLookAtTheRowsOfOnePageAloneHoweverLongTheLogIs() throws SQLException {
        Db db = Db.installed(PostgresFixture.shared());
        db.execute(
                "SET synchronous_commit = off",
                "DO $$ BEGIN FOR i IN 1.." + EVENTS
                        + " LOOP PERFORM everafter.emit('t', 'x', '{}'); COMMIT; END LOOP; END $$",
                "ANALYZE everafter.event, everafter.commit_log");
        try (Connection connection = db.connect()) {
            for (String plans : List.of("force_custom_plan", "force_generic_plan")) {
                Db.execute(connection, "SET plan_cache_mode = " + plans);
                Filter topic = Filter.topic("t");
                for (Filter filter : List.of(
                        Filter.all(),
                        topic,
                        Filter.and(topic, Filter.where(Attribute.data("x")).lessThan(1)))) {
                    assertLooksAtOnePage(plan(connection, Pushdown.of(filter)));
                }
            }
        }
    }

    private static List<String> plan(Connection connection, Pushdown pushdown) throws SQLException {
        try (PreparedStatement explain = connection.prepareStatement("EXPLAIN (ANALYZE) " + EventQuery.sql(pushdown))) {
            int next = pushdown.where().bind(explain, 1);
            long[] range = {EVENTS / 2, 1, EVENTS, 1, EVENTS / 2, EVENTS};
            for (long bound : range) {
                explain.setLong(next++, bound);
            }
            explain.setInt(next, PAGE);
            List<String> lines = new ArrayList<>();
            try (ResultSet rows = explain.executeQuery()) {
                while (rows.next()) {
                    lines.add(rows.getString(1));
                }
            }
            return lines;
        }
    }

    private static void assertLooksAtOnePage(List<String> plan) {
        List<Integer> seen = plan.stream()
                .flatMap(line -> ROWS_SEEN.matcher(line).results())
                .map((MatchResult match) -> Integer.valueOf(match.group(1)))
                .toList();
        assertFalse(seen.isEmpty(), () -> String.join("\n", plan));
        assertTrue(seen.stream().allMatch(rows -> rows <= 2 * PAGE), () -> String.join("\n", plan));
    }
}
