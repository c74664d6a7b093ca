package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@link PublicationStress} and {@link LaneStress} under jcstress, which starts virtual machines of its own. */
class JcstressTest {
    /** Two threads on two cores, one fork, short: the build's share. {@code -Pstress} runs longer. */
    @Test
    void shouldSeeNoForbiddenOutcome(@TempDir Path results) throws IOException, InterruptedException {
        assumeTrue(
                Runtime.getRuntime().availableProcessors() > 1,
                "one processor: what two do at once can't be stressed on it");
        String millis = System.getProperty("jcstress.millis", "200");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.openjdk.jcstress.Main",
                        "-t",
                        "PublicationStress|LaneStress",
                        "-c",
                        "2",
                        "-f",
                        "1",
                        "-fsm",
                        "1",
                        "-iters",
                        "2",
                        "-time",
                        millis,
                        "-sc",
                        "false",
                        "-jvmArgs",
                        "-Xmx256m",
                        "-r",
                        results.toString()))
                .directory(results.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertTrue(process.waitFor(5, TimeUnit.MINUTES));
        assertEquals(0, process.exitValue(), output);
        assertTrue(output.contains("8 matching test results"), output);
    }
}
