package dev.everafter.core;

import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonException;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.JsonValue.ValueType;
import jakarta.json.spi.JsonProvider;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The wire form of filters: {@code ["topic", "=", "public.orders"]} is a condition, a list of them a conjunction, and
 * {@code ["or", ..]}, {@code ["and", ..]} and {@code ["not", ..]} nest.
 *
 * <p>What is not understood is refused, never ignored. Thread-safe.
 */
public final class FilterJson {
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final JsonBuilderFactory BUILDERS = JSON.createBuilderFactory(Map.of());
    private static final int MAX_DEPTH = 32;

    private FilterJson() {}

    /**
     * Reads a filter.
     *
     * @throws FilterException if {@code text} is no JSON, or no filter
     */
    public static Filter parse(String text) {
        try {
            return parse(RawJson.parse(text));
        } catch (JsonException e) {
            throw new FilterException("not JSON: " + text);
        }
    }

    /**
     * Reads a filter.
     *
     * @throws FilterException if {@code json} is no filter
     */
    public static Filter parse(JsonValue json) {
        return parse(json, 0);
    }

    private static Filter parse(JsonValue json, int depth) {
        if (depth > MAX_DEPTH) {
            throw new FilterException("nested deeper than " + MAX_DEPTH);
        }
        if (json.getValueType() != ValueType.ARRAY) {
            throw new FilterException("expected a condition [attribute, operator, operand] or a list of them: " + json);
        }
        JsonArray array = json.asJsonArray();
        if (array.isEmpty() || array.get(0).getValueType() == ValueType.ARRAY) {
            return new Filter.And(each(array, depth));
        }
        if (!(array.get(0) instanceof JsonString head)) {
            throw new FilterException("expected an attribute, \"and\", \"or\" or \"not\" at the start of " + json);
        }
        List<JsonValue> rest = array.subList(1, array.size());
        return switch (head.getString()) {
            case "and" -> new Filter.And(each(rest, depth));
            case "or" -> new Filter.Or(each(rest, depth));
            case "not" -> {
                if (rest.size() != 1) {
                    throw new FilterException("\"not\" takes one filter: " + json);
                }
                yield new Filter.Not(parse(rest.get(0), depth + 1));
            }
            default -> condition(head.getString(), array);
        };
    }

    private static List<Filter> each(List<JsonValue> filters, int depth) {
        return filters.stream().map(filter -> parse(filter, depth + 1)).toList();
    }

    private static Filter condition(String name, JsonArray array) {
        if (array.size() != 3 || !(array.get(1) instanceof JsonString operator)) {
            throw new FilterException("expected [attribute, operator, operand]: " + array);
        }
        Attribute attribute = Attribute.parse(name);
        JsonValue operand = array.get(2);
        return switch (operator.getString()) {
            case "=" -> new Filter.Equals(attribute, operand(attribute, operand, array));
            case "in" -> {
                if (operand.getValueType() != ValueType.ARRAY) {
                    throw new FilterException("\"in\" takes an array: " + array);
                }
                List<Value> values = new ArrayList<>();
                operand.asJsonArray().forEach(value -> values.add(operand(attribute, value, array)));
                yield new Filter.In(attribute, values);
            }
            default ->
                throw new FilterException(
                        "unknown operator \"" + operator.getString() + "\" in " + array + ": expected \"=\" or \"in\"");
        };
    }

    private static Value operand(Attribute attribute, JsonValue json, JsonArray condition) {
        Value value = Value.of(json);
        if (attribute == Attribute.AT && value instanceof Value.Text text) {
            try {
                value = Value.of(OffsetDateTime.parse(text.text()).toInstant());
            } catch (DateTimeParseException e) {
                throw new FilterException("expected an RFC 3339 time such as 2026-11-24T00:00:00Z in " + condition);
            }
        }
        try {
            requireFits(attribute, value);
        } catch (FilterException e) {
            throw new FilterException(e.getMessage() + ", in " + condition);
        }
        return value;
    }

    /** Refuses operands that no such attribute can hold, so that each filter has a wire form that means the same. */
    static void requireFits(Attribute attribute, Value value) {
        if (value instanceof Value.Structure) {
            throw new FilterException("expected a string, number, boolean or null, not " + value.toJson());
        }
        if (value instanceof Value.Text text) {
            requireUnicode(text.text());
        }
        boolean fits = value == Value.absent()
                || (attribute instanceof Attribute.Path
                        ? !(value instanceof Value.Time)
                        : ((Attribute.Member) attribute).holds(value));
        if (!fits) {
            throw new FilterException("\"" + attribute.text() + "\" can't be " + value.toJson());
        }
    }

    /** Refuses unpaired surrogates: the wire's UTF-8 would turn them into something else, and so would a database. */
    static void requireUnicode(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new FilterException("unpaired surrogate in \"" + text.replaceAll("\\p{Cs}", "?") + "\"");
        }
    }

    static JsonArray condition(Attribute attribute, String operator, JsonValue operand) {
        return BUILDERS.createArrayBuilder()
                .add(attribute.text())
                .add(operator)
                .add(operand)
                .build();
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
