package dev.everafter.testkit;

import dev.everafter.core.Condition;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Selection;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Counts how often each operator, with each kind of attribute and operand, was asked of an event and matched or didn't: a
 * random test that reaches nothing proves nothing.
 *
 * <p>For one thread.
 */
public final class FilterCoverage {
    private final Map<String, long[]> counts = new TreeMap<>();

    /** Counts each condition of {@code filter}, asked by itself. */
    public void count(Filter filter, Event event) {
        for (Condition condition : conditions(filter)) {
            boolean matches = Selection.of(condition).select(event).isPresent();
            counts.computeIfAbsent(kind(condition), kind -> new long[2])[matches ? 0 : 1]++;
        }
    }

    private static List<Condition> conditions(Filter filter) {
        List<Condition> conditions = new ArrayList<>();
        if (filter instanceof Filter.And and) {
            and.filters().forEach(part -> conditions.addAll(conditions(part)));
        } else if (filter instanceof Filter.Or or) {
            or.filters().forEach(part -> conditions.addAll(conditions(part)));
        } else if (filter instanceof Filter.Not not) {
            conditions.addAll(conditions(not.filter()));
        } else {
            conditions.add((Condition) filter);
        }
        return conditions;
    }

    private static String kind(Condition condition) {
        JsonArray json = condition.toJson();
        String name = json.getString(0);
        int dot = name.indexOf('.');
        return (dot < 0 ? name : "path") + " " + json.getString(1) + " " + kind(json.get(2));
    }

    private static String kind(JsonValue operand) {
        if (operand instanceof JsonArray) {
            return "list";
        }
        return operand instanceof JsonObject
                ? "time"
                : operand.getValueType().name().toLowerCase(Locale.ROOT);
    }

    /** What was asked without ever matching, or without ever not matching. */
    public List<String> onesided() {
        return counts.entrySet().stream()
                .filter(entry -> entry.getValue()[0] == 0 || entry.getValue()[1] == 0)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** One line for each kind of condition: matches, non-matches. */
    @Override
    public String toString() {
        return counts.entrySet().stream()
                .map(entry ->
                        "%-24s %9d matches %9d not".formatted(entry.getKey(), entry.getValue()[0], entry.getValue()[1]))
                .collect(Collectors.joining("\n"));
    }
}
