package dev.everafter.core;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.JsonValue.ValueType;
import jakarta.json.spi.JsonProvider;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The wire form of filters: {@code ["topic", "=", "public.orders"]} is a condition, a list of them a conjunction, and
 * {@code ["or", ..]}, {@code ["and", ..]} and {@code ["not", ..]} nest. A time to compare a column with is written
 * {@code {"time": "2026-11-24T00:00:00Z"}}.
 *
 * <p>What is not understood is refused, never ignored; the message begins with the place as a JSON pointer (RFC 6901).
 * Thread-safe.
 */
public final class FilterJson {
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final JsonBuilderFactory BUILDERS = JSON.createBuilderFactory(Map.of());
    private static final int LONGEST_QUOTE = 80;

    private FilterJson() {}

    /**
     * Reads a filter.
     *
     * @throws FilterException if {@code text} is no JSON, or no filter
     */
    public static Filter parse(String text) {
        try {
            return parse(RawJson.parse(text), FilterRules.DEFAULT);
        } catch (JsonException e) {
            throw new FilterException("not JSON: " + clip(text));
        }
    }

    /**
     * Reads a filter by the default rules.
     *
     * @throws FilterException if {@code json} is no filter
     */
    public static Filter parse(JsonValue json) {
        return parse(json, FilterRules.DEFAULT);
    }

    /**
     * Reads a filter.
     *
     * @throws FilterException if {@code json} is no filter, or not within {@code rules}
     */
    public static Filter parse(JsonValue json, FilterRules rules) {
        return new Reader(rules).filter(json, 0, "");
    }

    private static final class Reader {
        private final FilterRules rules;
        private int conditions;

        Reader(FilterRules rules) {
            this.rules = rules;
        }

        Filter filter(JsonValue json, int depth, String place) {
            if (depth > rules.depth()) {
                throw wrong(place, "nested deeper than " + rules.depth());
            }
            if (json.getValueType() != ValueType.ARRAY) {
                throw wrong(
                        place, "expected a condition [attribute, operator, operand] or a list of them: " + clip(json));
            }
            JsonArray array = json.asJsonArray();
            if (array.isEmpty() || array.get(0).getValueType() == ValueType.ARRAY) {
                return new Filter.And(each(array, 0, depth, place));
            }
            if (!(array.get(0) instanceof JsonString head)) {
                throw wrong(place + "/0", "expected an attribute, and, or, or not: " + clip(array.get(0)));
            }
            return switch (head.getString()) {
                case "and" -> new Filter.And(each(array, 1, depth, place));
                case "or" -> new Filter.Or(each(array, 1, depth, place));
                case "not" -> {
                    if (array.size() != 2) {
                        throw wrong(place, "\"not\" takes one filter: " + clip(array));
                    }
                    yield new Filter.Not(filter(array.get(1), depth + 1, place + "/1"));
                }
                default -> condition(head.getString(), array, place);
            };
        }

        private List<Filter> each(JsonArray filters, int from, int depth, String place) {
            List<Filter> each = new ArrayList<>();
            for (int i = from; i < filters.size(); i++) {
                each.add(filter(filters.get(i), depth + 1, place + "/" + i));
            }
            return each;
        }

        private Filter condition(String name, JsonArray array, String place) {
            if (++conditions > rules.conditions()) {
                throw wrong(place, "more than " + rules.conditions() + " conditions");
            }
            if (array.size() != 3) {
                throw wrong(place, "expected [attribute, operator, operand]: " + clip(array));
            }
            if (!(array.get(1) instanceof JsonString operator)) {
                throw wrong(place + "/1", "expected an operator, one of " + Operator.all() + ": " + clip(array.get(1)));
            }
            Operator.Places places = new Operator.Places(at(place + "/0"), at(place + "/1"), at(place + "/2"));
            return Operator.condition(name, operator.getString(), operand(array.get(2), place + "/2"), places, rules);
        }

        private Operator.Operand operand(JsonValue json, String place) {
            if (!(json instanceof JsonArray list)) {
                return Operator.Operand.of(value(json, place));
            }
            List<Value> values = new ArrayList<>();
            for (int i = 0; i < list.size(); i++) {
                values.add(value(list.get(i), place + "/" + i));
            }
            return new Operator.Operand(values, true);
        }

        private static Value value(JsonValue json, String place) {
            if (json instanceof JsonObject object
                    && object.size() == 1
                    && object.get("time") instanceof JsonString text) {
                return Timestamps.read(text.getString())
                        .map(time -> Value.of(time))
                        .orElseThrow(() -> wrong(place, "expected a time such as 2026-11-24T00:00:00Z: " + clip(text)));
            }
            return Value.of(json);
        }

        private static FilterException wrong(String place, String what) {
            return new FilterException(at(place) + ": " + what);
        }

        private static String at(String place) {
            return place.isEmpty() ? "the filter" : "at " + place;
        }
    }

    /** Refuses what UTF-8 can't say, which the wire would turn into something else, and what PostgreSQL's text can't hold. */
    static void requireText(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new FilterException("unpaired surrogate in \"" + clip(text.replaceAll("\\p{Cs}", "?")) + "\"");
        }
        if (text.indexOf('\0') >= 0) {
            throw new FilterException(
                    "a NUL character, which no text in a database has, in \"" + clip(text.replace('\0', '?')) + "\"");
        }
    }

    /** As much of it as belongs into a message. */
    static String clip(String text) {
        int end = Math.min(text.length(), LONGEST_QUOTE);
        boolean pair = end < text.length() && Character.isHighSurrogate(text.charAt(end - 1));
        return end == text.length() ? text : text.substring(0, pair ? end - 1 : end) + "…";
    }

    private static String clip(JsonValue json) {
        return clip(json.toString());
    }

    static JsonArray condition(Attribute attribute, String operator, JsonValue operand) {
        return condition(attribute.text(), operator, operand);
    }

    static JsonArray condition(String name, LikePattern pattern) {
        return condition(name, pattern.ignoreCase() ? "ilike" : "like", string(pattern.text()));
    }

    private static JsonArray condition(String name, String operator, JsonValue operand) {
        return BUILDERS.createArrayBuilder()
                .add(name)
                .add(operator)
                .add(operand)
                .build();
    }

    /** A string is a time where it is compared with the event's own; elsewhere it must be said. */
    static JsonValue operand(Attribute attribute, Value value) {
        return value instanceof Value.Time && attribute instanceof Attribute.Path
                ? BUILDERS.createObjectBuilder().add("time", value.toJson()).build()
                : value.toJson();
    }

    static JsonArray array(Stream<? extends JsonValue> values) {
        JsonArrayBuilder array = BUILDERS.createArrayBuilder();
        values.forEach(array::add);
        return array.build();
    }

    static JsonArray compound(String word, List<Filter> filters) {
        return array(Stream.concat(
                Stream.of(JSON.createValue(word)), filters.stream().map(Filter::toJson)));
    }

    static JsonValue string(String text) {
        return JSON.createValue(text);
    }

    static JsonValue number(BigDecimal number) {
        return JSON.createValue(number);
    }
}
