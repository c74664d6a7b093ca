package dev.everafter.server.leak;

import dev.everafter.server.leak.Rule.Sight;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.spi.JsonProvider;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What happened to one row, and what of it a subscriber is to be shown. Columns are texts and numbers; {@code id} is the
 * key of a row that has one.
 *
 * <p>Immutable.
 *
 * @param before the row before; empty where there was none
 * @param after the row after; empty where there is none
 * @param old what the log keeps of the row before
 */
record Change(
        long id,
        String topic,
        String type,
        Optional<Map<String, Object>> before,
        Optional<Map<String, Object>> after,
        Optional<Map<String, Object>> old) {
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final String KEY = "id";

    /** What a subscriber is shown: the members that an item has beyond those of every event. */
    record Shown(
            long id, boolean left, Optional<JsonObject> key, Optional<JsonObject> data, Optional<JsonObject> old) {}

    static JsonObject json(Map<String, Object> columns) {
        JsonObjectBuilder json = JSON.createObjectBuilder();
        columns.forEach((name, value) -> {
            if (value instanceof Integer number) {
                json.add(name, number);
            } else {
                json.add(name, (String) value);
            }
        });
        return json.build();
    }

    /** The key columns of {@code row}; none where it has no key. */
    static Map<String, Object> key(Map<String, Object> row) {
        Map<String, Object> key = new LinkedHashMap<>(row);
        key.keySet().retainAll(Set.of(KEY));
        return key;
    }

    /** Whether {@code rights} let the row be seen as it was before. */
    boolean showsBefore(Rule rights) {
        return before.map(row -> holds(rights, row, true)).orElse(false);
    }

    /** Whether {@code rights} let the row be seen as it is after. */
    boolean showsAfter(Rule rights) {
        return after.map(row -> holds(rights, row, true)).orElse(false);
    }

    /** What somebody with {@code rights} who asks for {@code asked} is to be shown. */
    Optional<Shown> shown(Rule rights, Rule asked) {
        if (before.isEmpty() && after.isEmpty()) {
            Sight table = new Sight(topic, type, Optional.empty(), Optional.empty(), Optional.empty());
            boolean concerned = rights.of(table).orElse(true) && asked.of(table).orElse(true);
            return concerned ? Optional.of(shown(false, Optional.empty(), Optional.empty(), false)) : Optional.empty();
        }
        boolean seesBefore = showsBefore(rights);
        boolean seesAfter = showsAfter(rights);
        boolean seesChange = (before.isEmpty() || seesBefore) && (after.isEmpty() || seesAfter);
        if (seesAfter && holds(asked, after.orElseThrow(), seesChange)) {
            return Optional.of(shown(false, after, after, seesBefore));
        }
        if (seesBefore && holds(asked, before.orElseThrow(), seesChange)) {
            boolean deleted = after.isEmpty();
            return Optional.of(shown(!deleted, before, Optional.empty(), deleted));
        }
        return Optional.empty();
    }

    /**
     * Whether what is to be shown must come. A truncate may be kept from whom no row could have been for: conditions that
     * contradict each other are taken together only by some of those who evaluate them.
     */
    boolean mustCome(Rule rights, Rule asked) {
        return before.isPresent()
                || after.isPresent()
                || SecretLog.plainRows().anyMatch(row -> holds(rights, row, false) && holds(asked, row, false));
    }

    private boolean holds(Rule rule, Map<String, Object> row, boolean seesChange) {
        Optional<Map<String, Object>> asked = seesChange ? Optional.of(old.orElse(Map.of())) : Optional.empty();
        return rule.of(new Sight(topic, type, Optional.of(key(row)), Optional.of(row), asked))
                .orElse(false);
    }

    private Shown shown(
            boolean left, Optional<Map<String, Object>> keyOf, Optional<Map<String, Object>> data, boolean withOld) {
        Optional<JsonObject> key =
                keyOf.map(Change::key).filter(columns -> !columns.isEmpty()).map(Change::json);
        return new Shown(id, left, key, data.map(Change::json), withOld ? old.map(Change::json) : Optional.empty());
    }
}
