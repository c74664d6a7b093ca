package dev.everafter.testkit;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.FilterText;
import dev.everafter.core.RawJson;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The examples of docs/filters.md, for tests of whatever evaluates filters. Stateless. */
public final class FiltersPage {
    private static final Pattern ROW =
            Pattern.compile("\\| `(?<event>\\{.*\\})` \\| `(?<filter>.+)` \\| (?<result>yes|no|left) \\|");

    private FiltersPage() {}

    /** In their order. */
    public static List<Example> examples() throws IOException {
        return Files.readAllLines(Path.of("..", "docs", "filters.md")).stream()
                .map(ROW::matcher)
                .filter(Matcher::matches)
                .map(row -> new Example(row.group("event"), row.group("filter"), Result.valueOf(row.group("result"))))
                .toList();
    }

    /** How an event is delivered. */
    public enum Result {
        /** As it is. */
        yes,
        /** With its key alone. */
        left,
        /** Not at all. */
        no
    }

    /** One row of the page. */
    public record Example(String json, String text, Result result) {
        /** The event with the members that the row gives, under {@code id} if the row gives none. */
        public Event event(long id) {
            JsonObject members = RawJson.of(json).parse().asJsonObject();
            return Event.builder(
                            members.containsKey("id") ? members.getInt("id") : id,
                            members.getString("topic", "topic"),
                            members.getString("type", "type"))
                    .at(Instant.parse(members.getString("at", "2026-11-24T00:00:00Z")))
                    .key(member(members, "key"))
                    .data(member(members, "data"))
                    .old(member(members, "old"))
                    .build();
        }

        private static @Nullable RawJson member(JsonObject members, String name) {
            return Optional.ofNullable(members.get(name)).map(RawJson::of).orElse(null);
        }

        /** The row's filter. */
        public Filter filter() {
            return FilterText.parse(text);
        }
    }
}
