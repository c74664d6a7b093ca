package dev.everafter.benchmarks;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.runner.RunnerException;

/** Runs each benchmark in its smallest form, so that none of them rots; what it measures then means nothing. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "the benchmarks read /proc")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class BenchmarksTest {
    private Optional<Database> database = Optional.empty();

    @BeforeAll
    void start() throws SQLException {
        database = Optional.of(Database.start());
    }

    @AfterAll
    void stop() {
        database.ifPresent(Database::close);
    }

    static Set<String> names() {
        return Main.BENCHMARKS.keySet();
    }

    @ParameterizedTest
    @MethodSource("names")
    void shouldMeasureEachVariantCompletely(String name) throws Exception {
        Benchmark benchmark = Main.benchmark(name);
        Options quick = new Options(true, Optional.empty(), Optional.empty());

        List<Results> results = new ArrayList<>();
        benchmark.run(database.orElseThrow(), quick, results::add);

        assertFalse(results.isEmpty());
        for (Results each : results) {
            each.print(System.out);
            each.figures()
                    .forEach((figure, variants) -> variants.forEach((variant, values) -> assertTrue(
                            values.stream().allMatch(Double::isFinite),
                            each.title() + ", " + figure + ", " + variant)));
        }
    }

    @Test
    void shouldFailWhenTheEventIsNotTheOneThatIsDue() throws Exception {
        String log = database.orElseThrow().newLog();
        try (Child server = Child.everafter(log, List.of());
                Database.Emitter emitter = new Database.Emitter(log);
                LoadClient client = LoadClient.subscribe(
                        server.port(), 1, "\"from\":\"now\"", 2, (connection, number, nanos) -> {})) {
            emitter.emit(1);

            IllegalStateException failure =
                    assertThrows(IllegalStateException.class, () -> client.await(1, Duration.ofSeconds(30)));

            assertTrue(String.valueOf(failure.getCause()).contains("got event 1 where 2 was due"), failure::toString);
        }
    }

    @Test
    void shouldRunTheMicrobenchmarks() throws RunnerException {
        assertTrue(Main.jmh(true, Main.EVERYTHING) > 0);
    }
}
