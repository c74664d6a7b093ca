package dev.everafter.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FollowInThreeWaysTest {
    @Test
    @Timeout(60)
    void shouldTellTheOrdersByEachOfThem() throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            FollowInThreeWays.main(new String[0]);
        } finally {
            System.setOut(console);
        }
        List<String> lines = printed.toString(StandardCharsets.UTF_8)
                .lines()
                // what others log may come between
                .filter(line -> line.matches("(iterator|callback|publisher): .*"))
                .toList();
        assertEquals(
                List.of(
                        "iterator: {\"id\":1}",
                        "callback: {\"id\":2}",
                        "callback: {\"id\":3}",
                        "publisher: {\"id\":2}",
                        "publisher: {\"id\":3}"),
                lines);
    }
}
