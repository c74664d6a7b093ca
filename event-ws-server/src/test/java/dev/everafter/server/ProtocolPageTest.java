package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What docs/protocol.md promises is what the code does. */
class ProtocolPageTest {
    private static String section(String title) throws IOException {
        String page = Files.readString(Path.of("..", "docs", "protocol.md"));
        int start = page.indexOf("\n## " + title + "\n");
        assertTrue(start >= 0, () -> "no section " + title);
        int end = page.indexOf("\n## ", start + 1);
        return page.substring(start, end < 0 ? page.length() : end);
    }

    private static Set<String> firstCells(String section, String pattern) {
        Set<String> cells = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| " + pattern + " \\|").matcher(section);
        while (row.find()) {
            cells.add(row.group(1));
        }
        return cells;
    }

    @Test
    void shouldListTheErrorCodesThatThereAre() throws IOException {
        Set<String> codes =
                Arrays.stream(ErrorCode.values()).map(ErrorCode::text).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(codes, firstCells(section("Error codes"), "`([a-z_]+)`"));
    }

    @Test
    void shouldListTheCloseCodesThatThereAre() throws IOException {
        Set<String> codes = Arrays.stream(CloseCode.values())
                .map(code -> Integer.toString(code.number()))
                .collect(Collectors.toCollection(TreeSet::new));
        // The client's own.
        codes.add("1000");
        assertEquals(codes, firstCells(section("Close codes"), "([0-9]+)"));
    }
}
