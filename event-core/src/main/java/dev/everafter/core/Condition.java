package dev.everafter.core;

import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A filter that asks one question, to which every image has the answer true or false. What isn't there compares like null,
 * and values of different kinds are neither equal nor in any order; {@code docs/filters.md} has the tables.
 *
 * <p>Immutable and safe for use by any thread.
 */
public sealed interface Condition extends Filter {
    /** A condition on one attribute. */
    sealed interface OnAttribute extends Condition {
        /** What it asks for. */
        Attribute attribute();
    }

    /** {@code attribute = value}. */
    record Equals(Attribute attribute, Value value) implements OnAttribute {
        /** @throws FilterException if {@code attribute} can't be {@code value}, as a topic can't be a number */
        public Equals {
            Operands.requireEqualable(attribute, value);
        }

        @Override
        public boolean matches(Image image) {
            return value.equals(as(value, image.value(attribute)));
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(attribute, "=", FilterJson.operand(attribute, value));
        }
    }

    /**
     * {@code attribute in values}; with no values it matches nothing.
     *
     * @param values in the order in which they were given
     */
    record In(Attribute attribute, Set<Value> values) implements OnAttribute {
        /**
         * Copies the values.
         *
         * @throws FilterException if {@code attribute} can't be one of {@code values}, as a topic can't be a number
         */
        public In(Attribute attribute, Collection<? extends Value> values) {
            this(attribute, (Set<Value>) new LinkedHashSet<Value>(values));
        }

        /** The same. */
        public In {
            values = Collections.unmodifiableSet(new LinkedHashSet<>(values));
            values.forEach(value -> Operands.requireEqualable(attribute, value));
        }

        @Override
        public boolean matches(Image image) {
            Value held = image.value(attribute);
            return values.contains(held) || (hasTimes() && values.contains(asTime(held)));
        }

        /** Whether strings may be equal to points in time. */
        boolean hasTimes() {
            return attribute instanceof Attribute.Path && values.stream().anyMatch(Value.Time.class::isInstance);
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(
                    attribute,
                    "in",
                    FilterJson.array(values.stream().map(value -> FilterJson.operand(attribute, value))));
        }
    }

    /** {@code attribute < value} and the like: true only where the attribute is of the value's kind. */
    record Compare(Attribute attribute, Order order, Value value) implements OnAttribute {
        /** @throws FilterException if {@code attribute} can't be compared with {@code value} */
        public Compare {
            Operands.requireOrdered(attribute, value);
        }

        @Override
        public boolean matches(Image image) {
            Value held = as(value, image.value(attribute));
            if (held instanceof Value.Numeric number && value instanceof Value.Numeric bound) {
                return order.accepts(number.compareTo(bound));
            }
            if (held instanceof Value.Text text && value instanceof Value.Text bound) {
                return order.accepts(text.compareTo(bound));
            }
            return held instanceof Value.Time time
                    && value instanceof Value.Time bound
                    && order.accepts(time.compareTo(bound));
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(attribute, order.text(), FilterJson.operand(attribute, value));
        }
    }

    /** {@code attribute like pattern}, or {@code ilike}: true only where the attribute is a string that matches. */
    record Like(Attribute attribute, LikePattern pattern) implements OnAttribute {
        /** @throws FilterException if {@code attribute} is never a string */
        public Like {
            Operands.requireTexts(attribute);
        }

        @Override
        public boolean matches(Image image) {
            return image.value(attribute) instanceof Value.Text text && pattern.matches(text.text());
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(attribute.text(), pattern);
        }
    }

    /** {@code any like pattern}, or {@code ilike}: topic, type, or a column of key or data is a string that matches. */
    record AnyLike(LikePattern pattern) implements Condition {
        @Override
        public boolean matches(Image image) {
            return image.anyText(pattern::matches);
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(Operands.ANY, pattern);
        }
    }

    /** {@code attribute exists}: it leads somewhere, be it to a null. Nothing else tells null from what isn't there. */
    record Exists(Attribute.Path attribute) implements OnAttribute {
        @Override
        public boolean matches(Image image) {
            return image.exists(attribute);
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(attribute, "exists", JsonValue.TRUE);
        }
    }

    /** {@code attribute contains value}: an array has it, an object has a member of that name, or it is the value itself. */
    record Contains(Attribute.Path attribute, Value value) implements OnAttribute {
        /** @throws FilterException if {@code value} is neither a string nor a number */
        public Contains {
            Operands.requireContainable(value);
        }

        @Override
        public boolean matches(Image image) {
            Value held = image.value(attribute);
            if (!(held instanceof Value.Structure structure)) {
                return held.equals(value);
            }
            if (structure.json() instanceof JsonObject object) {
                return value instanceof Value.Text name && object.containsKey(name.text());
            }
            return structure.json().asJsonArray().stream()
                    .anyMatch(element -> Value.of(element).equals(value));
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(attribute, "contains", value.toJson());
        }
    }

    /** The ways in which {@link Compare} compares. */
    enum Order {
        /** Before the value. */
        LESS("<"),
        /** Before it, or equal. */
        AT_MOST("<="),
        /** After the value. */
        GREATER(">"),
        /** After it, or equal. */
        AT_LEAST(">=");

        private final String text;

        Order(String text) {
            this.text = text;
        }

        /** As it is written. */
        public String text() {
            return text;
        }

        boolean accepts(int comparison) {
            return switch (this) {
                case LESS -> comparison < 0;
                case AT_MOST -> comparison <= 0;
                case GREATER -> comparison > 0;
                case AT_LEAST -> comparison >= 0;
            };
        }
    }

    /** What to compare {@code operand} with where the attribute holds {@code held}: JSON has times as strings only. */
    private static Value as(Value operand, Value held) {
        return operand instanceof Value.Time ? asTime(held) : held;
    }

    /** The time that a string names; anything else as it is. */
    static Value asTime(Value held) {
        Optional<Instant> time = held instanceof Value.Text text ? Timestamps.read(text.text()) : Optional.empty();
        return time.isPresent() ? Value.of(time.get()) : held;
    }
}
