package dev.everafter.server;

import dev.everafter.core.Attribute;
import dev.everafter.core.Condition;
import dev.everafter.core.Filter;
import dev.everafter.core.FilterException;
import dev.everafter.core.FilterJson;
import dev.everafter.core.FilterRules;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Reads v0's filters, which are ours but for their attributes: columns by their bare names, {@code object_kind}, and {@code
 * properties}, of which the column holds the text. What is not understood is refused, never ignored.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class ArvadosFilters {
    private static final JsonBuilderFactory BUILDERS = JsonProvider.provider().createBuilderFactory(Map.of());
    private static final Set<String> COLUMNS = Set.of(
            "id",
            "uuid",
            "owner_uuid",
            "modified_by_client_uuid",
            "modified_by_user_uuid",
            "object_uuid",
            "event_at",
            "event_type",
            "summary",
            "properties",
            "created_at",
            "updated_at",
            "modified_at",
            "object_owner_uuid");
    private static final Set<String> OF_KINDS = Set.of("=", "in");

    private final FilterRules rules;
    private final ArvadosKinds kinds;

    ArvadosFilters(FilterRules limits, ArvadosKinds kinds) {
        this.kinds = kinds;
        this.rules = FilterRules.builder()
                .depth(limits.depth())
                .conditions(limits.conditions())
                .operands(limits.operands())
                .pattern(limits.pattern())
                .kinds(kinds)
                .build();
    }

    /**
     * Reads a list of conditions, which an {@link ArvadosRow} can be asked.
     *
     * @param json null is the same as an empty list
     * @throws FilterException if it is none, or beyond the limits
     */
    Filter parse(JsonValue json) {
        if (json == JsonValue.NULL) {
            return Filter.all();
        }
        if (!(json instanceof JsonArray conditions)) {
            throw new FilterException("expected a list of conditions [attribute, operator, operand]");
        }
        if (conditions.size() > rules.conditions()) {
            throw new FilterException("more than " + rules.conditions() + " conditions");
        }
        List<Filter> each = new ArrayList<>();
        for (int i = 0; i < conditions.size(); i++) {
            try {
                each.add(condition(conditions.get(i)));
            } catch (FilterException e) {
                throw new FilterException("condition " + (i + 1) + ": " + e.getMessage());
            }
        }
        return new Filter.And(each).canonical();
    }

    private Filter condition(JsonValue json) {
        if (!(json instanceof JsonArray parts)
                || parts.size() != 3
                || !(parts.get(0) instanceof JsonString name)
                || !(parts.get(1) instanceof JsonString operator)) {
            throw new FilterException("expected [attribute, operator, operand]");
        }
        if (list(parts.get(2)).anyMatch(JsonObject.class::isInstance)) {
            throw new FilterException("no operand is an object");
        }
        return condition(name.getString(), operator.getString(), parts.get(2));
    }

    private Filter condition(String name, String operator, JsonValue operand) {
        if (name.equals("any")) {
            return read(name, operator, operand);
        }
        if (name.equals(ArvadosRow.OBJECT_KIND)) {
            return OF_KINDS.contains(operator) && list(operand).allMatch(this::isKnownKind)
                    ? read("data.object_uuid", "is_a", operand)
                    : read("data." + name, operator, operand);
        }
        if (name.equals(ArvadosRow.PROPERTIES) && (operator.equals("exists") || operator.equals("contains"))) {
            return keys(operator, operand);
        }
        if (name.startsWith(ArvadosRow.PROPERTIES + ".")) {
            return read("data." + name, operator, operand);
        }
        if (!COLUMNS.contains(name) || operator.equals("exists")) {
            throw new FilterException("no attribute that can be asked so: expected a column of logs, any, object_kind,"
                    + " or properties.KEY");
        }
        return read("data." + name, operator, ArvadosRow.TIMES.contains(name) ? times(operator, operand) : operand);
    }

    private Filter read(String attribute, String operator, JsonValue operand) {
        return FilterJson.parse(
                BUILDERS.createArrayBuilder()
                        .add(attribute)
                        .add(operator)
                        .add(operand)
                        .build(),
                rules);
    }

    /** The properties are a map, and what a map contains are its keys. */
    private static Filter keys(String operator, JsonValue operand) {
        if (operand instanceof JsonArray
                && (operator.equals("exists") || operand.asJsonArray().isEmpty())) {
            throw new FilterException("expected a key of properties");
        }
        return Filter.and(list(operand).map(ArvadosFilters::key).toArray(Filter[]::new));
    }

    private static Filter key(JsonValue name) {
        if (name instanceof JsonString text) {
            return Filter.where(Attribute.data(ArvadosRow.PROPERTIES, text.getString()))
                    .exists();
        }
        throw new FilterException("expected a key of properties");
    }

    private boolean isKnownKind(JsonValue operand) {
        return operand instanceof JsonString kind && kinds.isKnown(kind.getString());
    }

    private static Stream<JsonValue> list(JsonValue operand) {
        return operand instanceof JsonArray array ? array.stream() : Stream.of(operand);
    }

    /** What is compared with a time names one: as text the two would differ by a blank, or by zeros at the end. */
    private static JsonValue times(String operator, JsonValue operand) {
        if (operator.endsWith("like") || operator.equals("contains")) {
            return operand;
        }
        UnaryOperator<JsonValue> time = value -> value instanceof JsonString
                ? BUILDERS.createObjectBuilder().add("time", value).build()
                : value;
        if (!(operand instanceof JsonArray all)) {
            return time.apply(operand);
        }
        JsonArrayBuilder times = BUILDERS.createArrayBuilder();
        all.forEach(value -> times.add(time.apply(value)));
        return times.build();
    }

    /**
     * A filter for the log that matches at least what {@code exact} does: it knows columns only. A table holds a property as
     * part of a text, and no kind.
     */
    static Filter wider(Filter exact) {
        if (exact instanceof Filter.And all) {
            return new Filter.And(
                    all.filters().stream().map(ArvadosFilters::wider).toList());
        }
        if (exact instanceof Filter.Or any) {
            return new Filter.Or(
                    any.filters().stream().map(ArvadosFilters::wider).toList());
        }
        if (exact instanceof Filter.Not not) {
            return isOfColumns(not.filter()) ? exact : Filter.all();
        }
        // Here any text column may be what matches; in the log it may be the topic as well.
        return exact instanceof Condition.AnyLike || isOfColumns(exact) ? exact : Filter.all();
    }

    private static boolean isOfColumns(Filter filter) {
        if (filter instanceof Filter.And all) {
            return all.filters().stream().allMatch(ArvadosFilters::isOfColumns);
        }
        if (filter instanceof Filter.Or any) {
            return any.filters().stream().allMatch(ArvadosFilters::isOfColumns);
        }
        if (filter instanceof Filter.Not not) {
            return isOfColumns(not.filter());
        }
        return filter instanceof Condition.OnAttribute condition
                && condition.attribute() instanceof Attribute.Path path
                && path.path().size() == 1
                && COLUMNS.contains(path.path().get(0));
    }
}
