package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.RandomFilters;
import dev.everafter.testkit.Seed;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonStructure;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * A filter is no oracle: two events that differ only in what a subscriber may not see are the same to it, whatever it
 * asks for. Otherwise it could ask for a value, and see by whether something comes whether it was right.
 */
class SelectionSecrecyTest {
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final int UPDATES = 40_000;

    private final Random random = Seed.random("SelectionSecrecyTest");
    private final RandomFilters choices = new RandomFilters(random);

    @Test
    void shouldAnswerTheSameWhateverTheHiddenImageHolds() {
        int delivered = 0;
        int left = 0;
        for (int i = 0; i < UPDATES; i++) {
            JsonObject before = row();
            JsonObject after = changed(before);
            Filter visibility = visibility(random.nextBoolean() ? before : after);
            boolean whole = random.nextBoolean();
            Event event = update(before, after, whole);
            EventImages images = new EventImages(event);
            boolean hidesBefore = !images.before().orElseThrow().surely(visibility);
            boolean hidesAfter = !images.current().surely(visibility);
            JsonObject otherBefore = hidesBefore ? changed(before) : before;
            JsonObject otherAfter = hidesAfter ? changed(after) : after;
            Event other = update(otherBefore, otherAfter, whole);
            EventImages otherImages = new EventImages(other);
            boolean comparable =
                    hidesBefore != otherImages.before().orElseThrow().surely(visibility)
                            && hidesAfter != otherImages.current().surely(visibility);
            if (!comparable) {
                continue;
            }
            Selection selection = new Selection(choices.filter(2), visibility);
            Optional<Event> seen = selection.select(event);
            assertEquals(seen, selection.select(other), () -> selection + " tells " + event + " from " + other);
            delivered += seen.isPresent() ? 1 : 0;
            left += seen.map(Event::left).orElse(false) ? 1 : 0;
        }
        assertTrue(delivered > UPDATES / 100 && left > UPDATES / 1_000, delivered + " delivered, " + left + " left");
    }

    /** Often one that {@code row} fulfils. What {@code old} holds is no rule's to ask: it is hidden where the image before is. */
    private Filter visibility(JsonObject row) {
        Filter rule = choices.filter(1);
        while (rule.toJson().toString().contains("\"old")) {
            rule = choices.filter(1);
        }
        for (String name : row.keySet()) {
            if (random.nextInt(4) == 0 && !(row.get(name) instanceof JsonStructure)) {
                Filter fulfilled = Filter.eq(Attribute.data(name), Value.of(row.get(name)));
                return random.nextBoolean() ? fulfilled : Filter.or(rule, fulfilled);
            }
        }
        return rule;
    }

    /** Of a table whose key is column {@code a}. */
    private Event update(JsonObject before, JsonObject after, boolean whole) {
        JsonObjectBuilder old = JSON.createObjectBuilder();
        before.forEach((name, value) -> {
            if (whole || !value.equals(after.get(name))) {
                old.add(name, value);
            }
        });
        return Event.builder(256, "t", "update")
                .at(RandomFilters.START)
                .key(raw(key(after)))
                .data(raw(after))
                .old(raw(old.build()))
                .build();
    }

    private static JsonObject key(JsonObject row) {
        return JSON.createObjectBuilder()
                .add("a", row.getOrDefault("a", JsonValue.NULL))
                .build();
    }

    private static RawJson raw(JsonObject object) {
        return RawJson.of(object.toString());
    }

    private JsonObject row() {
        JsonValue row = JsonValue.NULL;
        while (!(row instanceof JsonObject)) {
            row = JSON.createReader(new StringReader(choices.row().toString())).readValue();
        }
        return row.asJsonObject();
    }

    /** The same columns, of which some have other values. */
    private JsonObject changed(JsonObject row) {
        JsonObject values = row();
        JsonObjectBuilder changed = JSON.createObjectBuilder();
        row.forEach(
                (name, value) -> changed.add(name, random.nextBoolean() ? values.getOrDefault(name, value) : value));
        return changed.build();
    }
}
