package dev.everafter.examples.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.examples.history.HistoryRun.Result;
import dev.everafter.examples.history.HistoryRun.Size;
import dev.everafter.testkit.LedgerAudit;
import dev.everafter.testkit.Seed;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Writers that do everything transactions can do, pgbench, two dozen subscribers, and faults of the network, of clients, of
 * the server and of the database: at the end each history is the table, and the tables rebuilt from events are the real
 * ones.
 */
class HistoryCheckTest {
    @TempDir
    private Path folder = Path.of("");

    @Test
    @Timeout(400)
    void shouldTellEachSubscriberExactlyItsEventsWhateverHappens() throws Exception {
        check("HistoryCheckTest", new Size(Duration.ofSeconds(12), Duration.ofMinutes(3), 4, 500, 500, 10));
    }

    @Test
    @Tag("stress")
    @Timeout(14_400)
    void shouldTellEachSubscriberExactlyItsEventsForLong() throws Exception {
        Duration duration = Duration.ofMinutes(Integer.getInteger("history.minutes", 10));
        check("HistoryCheckTest, long", new Size(duration, Duration.ofMinutes(15), 6, 300, 10_000, 20));
    }

    private void check(String name, Size size) throws Exception {
        Result result = HistoryRun.run(name, size, folder, Seed.random(name));
        assertTrue(result.verdict().clean(), () -> result.verdict().toString());
        assertEquals(LedgerAudit.CLEAN, result.audit());
        result.differences().forEach((table, differences) -> assertEquals(0, differences, table));
    }
}
