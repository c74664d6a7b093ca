package dev.everafter.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.RawJson;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class EmbedTheHubTest {
    @Test
    @Timeout(60)
    void shouldTellEachOrderOnceInOrder() throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            EmbedTheHub.main(new String[0]);
        } finally {
            System.setOut(console);
        }
        List<Integer> orders = printed.toString(StandardCharsets.UTF_8)
                .lines()
                // what others log may come between
                .filter(line -> line.startsWith("{"))
                .map(line -> RawJson.of(line).parse().asJsonObject())
                .map(event -> event.getJsonObject("data").getInt("id"))
                .toList();
        assertEquals(List.of(1, 2, 3), orders);
    }
}
