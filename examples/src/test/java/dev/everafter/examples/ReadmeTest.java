package dev.everafter.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Poll;
import dev.everafter.testkit.PostgresFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** What the README shows must be true. */
class ReadmeTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)\\)");

    @Test
    void shouldShowJavaThatCompiles() throws IOException {
        String source = unindented(
                Files.readString(ROOT.resolve("examples/src/main/java/dev/everafter/examples/ReadmeSnippets.java")));
        Matcher blocks = JAVA_BLOCK.matcher(readme());
        int found = 0;
        while (blocks.find()) {
            String block = unindented(blocks.group(1));
            assertTrue(source.contains(block), "not in ReadmeSnippets:\n" + block);
            found++;
        }
        assertEquals(2, found);
    }

    @Test
    void shouldLinkToFilesThatExist() throws IOException {
        List<String> missing = new ArrayList<>();
        Matcher links = LINK.matcher(readme());
        while (links.find()) {
            if (!links.group(1).startsWith("http") && !Files.exists(ROOT.resolve(links.group(1)))) {
                missing.add(links.group(1));
            }
        }
        assertEquals(List.of(), missing);
    }

    @Test
    void shouldFollowATableFromInsideAService() throws SQLException, InterruptedException {
        PostgresFixture postgres = PostgresFixture.shared();
        String url = postgres.newDatabase();
        DataSource pool = postgres.dataSource(url);
        execute(pool, "CREATE TABLE public.orders (id bigint PRIMARY KEY, state text)");
        Semaphore work = new Semaphore(0);
        try (ReadmeSnippets.Embedded embedded = ReadmeSnippets.embed(pool, url, new Properties(), work)) {
            List<Event> events = new ArrayList<>();
            boolean written = false;
            while (events.size() < 2) {
                Poll poll = embedded.cursor().poll(100, 1 << 20);
                if (poll instanceof Poll.Events found) {
                    events.addAll(found.batch().events());
                } else if (poll instanceof Poll.Started && !written) {
                    written = true;
                    execute(pool, "INSERT INTO public.orders VALUES (17, 'open')");
                    execute(pool, "UPDATE public.orders SET state = 'paid'");
                } else if (poll == Poll.Nothing.NOTHING) {
                    assertTrue(work.tryAcquire(30, TimeUnit.SECONDS), "nothing came");
                }
            }
            assertEquals(
                    List.of("insert", "update"),
                    events.stream().map(Event::type).toList());
            assertEquals("{\"id\": 17}", events.get(1).key().orElseThrow().toString());
            assertEquals(
                    "{\"id\": 17, \"state\": \"open\"}",
                    events.get(1).old().orElseThrow().toString());
        }
    }

    private static void execute(DataSource database, String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String readme() throws IOException {
        return Files.readString(ROOT.resolve("README.md"));
    }

    /** Without indentation and line breaks: the formatter's are not the README's. */
    private static String unindented(String code) {
        return code.lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining());
    }
}
