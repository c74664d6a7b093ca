package dev.everafter.core;

import jakarta.json.JsonArray;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A filter of which some values are filled in later: {@code data.owner = ${sub} and topic in ${topics}}. What is filled
 * in is a value and never text, so whatever it holds, the filter asks what was written: the same conditions, put together
 * in the same way.
 *
 * <p>A placeholder stands where {@link FilterText} has an operand, alone and without quotes. It can't be a pattern, in
 * which a value's {@code %} would match anything.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class FilterTemplate {
    static final String OPEN = "${";

    private final String text;

    private FilterTemplate(String text) {
        this.text = text;
    }

    /**
     * Reads a template by the default rules.
     *
     * @throws FilterException if {@code text} would be no filter, whatever its placeholders stood for
     */
    public static FilterTemplate parse(String text) {
        FilterTemplate template = new FilterTemplate(text);
        AtomicInteger met = new AtomicInteger();
        template.read((placeholder, attribute, operator) -> {
            met.incrementAndGet();
            return sample(attribute, operator);
        });
        int last = text.lastIndexOf(OPEN);
        if (text.split("[$][{]", -1).length - 1 != met.get()) {
            throw new FilterException("at column " + (last + 1)
                    + ": a placeholder stands where a value or a whole list does, without quotes");
        }
        return template;
    }

    /**
     * The filter in which each placeholder stands for what {@code values} has for its name: a string, a number or a
     * boolean, or where the filter has a list, an array of them.
     *
     * @return empty if something is missing, null, or doesn't fit: never a filter that asks less than was written
     */
    public Optional<Filter> bind(Function<String, Optional<JsonValue>> values) {
        try {
            return Optional.of(read((placeholder, attribute, operator) -> values.apply(placeholder)
                    .flatMap(FilterTemplate::operand)
                    .orElseThrow(() -> new FilterException("there is nothing for ${" + placeholder + "}"))));
        } catch (FilterException e) {
            return Optional.empty();
        }
    }

    private Filter read(FilterText.Placeholders placeholders) {
        return new FilterText.Reader(text, FilterRules.DEFAULT, Optional.of(placeholders)).all();
    }

    /** Something that fits, so that what is around it can be checked. */
    private static Operator.Operand sample(String attribute, String operator) {
        Operator asked = Operator.parse(operator).orElseThrow();
        if (asked == Operator.LIKE || asked == Operator.ILIKE) {
            throw new FilterException("a placeholder can't be a pattern, since a % in its value would match anything");
        }
        Value value = Value.of("x");
        if (attribute.equals(Attribute.ID.text())) {
            value = Value.of(1);
        } else if (attribute.equals(Attribute.AT.text())) {
            value = Value.of("2000-01-01T00:00:00Z");
        }
        return new Operator.Operand(List.of(value), asked == Operator.IN);
    }

    private static Optional<Operator.Operand> operand(JsonValue json) {
        if (!(json instanceof JsonArray array)) {
            return isScalar(json) ? Optional.of(Operator.Operand.of(Value.of(json))) : Optional.empty();
        }
        return array.stream().allMatch(FilterTemplate::isScalar)
                ? Optional.of(new Operator.Operand(
                        array.stream().map(item -> Value.of(item)).toList(), true))
                : Optional.empty();
    }

    /** Null isn't: what a principal lacks must not be what a row lacks. */
    private static boolean isScalar(JsonValue json) {
        return switch (json.getValueType()) {
            case STRING, NUMBER, TRUE, FALSE -> true;
            case NULL, ARRAY, OBJECT -> false;
        };
    }

    @Override
    public String toString() {
        return text;
    }
}
