package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.Jazzer;
import dev.everafter.testkit.FiltersPage;
import dev.everafter.testkit.FiltersPage.Example;
import dev.everafter.testkit.RandomFilters;
import dev.everafter.testkit.Seed;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Both parsers under Jazzer, which starts from the filters of docs/filters.md and goes where new branches are. In the build
 * it does the same runs each time; {@code -Pstress} takes other ones each time, for {@code -Dfuzz.minutes}.
 *
 * <p>A finding is printed with its input in Base64. Jazzer has a process of its own, for its agent, in a directory that is
 * deleted.
 */
class FilterFuzzTest {
    private static final int RUNS = 10_000;

    @Test
    void shouldRefuseAnyTextWithTheOneException(@TempDir Path directory) throws Exception {
        fuzz(directory, FilterTextFuzz.class, texts(), "-runs=" + RUNS, "-seed=1");
    }

    @Test
    void shouldRefuseAnyJsonWithTheOneException(@TempDir Path directory) throws Exception {
        fuzz(directory, FilterJsonFuzz.class, json(), "-runs=" + RUNS, "-seed=1");
    }

    @Test
    @Tag("stress")
    void shouldRefuseAnyTextWithTheOneExceptionForLong(@TempDir Path directory) throws Exception {
        Random chance = Seed.random("shouldRefuseAnyTextWithTheOneExceptionForLong");
        fuzz(
                directory,
                FilterTextFuzz.class,
                Stream.concat(texts(), random(chance).map(FilterText::of)),
                forLong(chance));
    }

    @Test
    @Tag("stress")
    void shouldRefuseAnyJsonWithTheOneExceptionForLong(@TempDir Path directory) throws Exception {
        Random chance = Seed.random("shouldRefuseAnyJsonWithTheOneExceptionForLong");
        Stream<String> more = random(chance).map(filter -> filter.toJson().toString());
        fuzz(directory, FilterJsonFuzz.class, Stream.concat(json(), more), forLong(chance));
    }

    private static String[] forLong(Random chance) {
        double minutes = Double.parseDouble(System.getProperty("fuzz.minutes", "1"));
        return new String[] {
            "-max_total_time=" + Math.round(minutes * 60), "-seed=" + (1 + chance.nextInt(Integer.MAX_VALUE - 1))
        };
    }

    private static Stream<String> texts() throws IOException {
        // and what no example has
        List<String> odd =
                List.of("data.x > 1e99999999999", "data.<a>>.b>.c exists", "data.x like '\\'", "at = '24:00'");
        return Stream.concat(FiltersPage.examples().stream().map(Example::text), odd.stream());
    }

    private static Stream<String> json() throws IOException {
        return FiltersPage.examples().stream()
                .map(example -> example.filter().toJson().toString());
    }

    private static Stream<Filter> random(Random chance) {
        RandomFilters random = new RandomFilters(chance);
        return Stream.generate(() -> random.filter(5)).limit(200);
    }

    private static void fuzz(Path directory, Class<?> target, Stream<String> corpus, String... options)
            throws Exception {
        Path seeds = Files.createDirectory(directory.resolve("seeds"));
        int count = 0;
        for (String seed : corpus.distinct().toList()) {
            Files.writeString(seeds.resolve(String.format("%04d", count++)), seed);
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+EnableDynamicAgentLoading",
                "-cp",
                classPath(),
                Jazzer.class.getName(),
                "--target_class=" + target.getName(),
                "--instrumentation_includes=dev.everafter.core.**:org.eclipse.parsson.**",
                "-timeout=120"));
        command.addAll(List.of(options));
        // the new inputs of a run go here, and not to the seeds
        command.add(Files.createDirectory(directory.resolve("found")).toString());
        command.add(seeds.toString());
        Path output = directory.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            process.waitFor();
        } finally {
            process.destroyForcibly().waitFor(1, TimeUnit.MINUTES);
        }
        String said = Files.readString(output, StandardCharsets.UTF_8);
        assertEquals(0, process.exitValue(), said);
        List<String> done =
                said.lines().filter(line -> line.startsWith("Done ")).toList();
        assertEquals(1, done.size(), said);
        System.out.println(target.getSimpleName() + ": " + done.get(0) + ", from " + count + " seeds");
        assertTrue(count > 50, "too few seeds: " + count);
    }

    /** Where Jazzer finds JUnit's launcher, as in IDEs, it looks for tests of JUnit instead. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("junit-platform-launcher"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
