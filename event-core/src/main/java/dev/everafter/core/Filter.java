package dev.everafter.core;

import jakarta.json.JsonArray;
import jakarta.json.JsonValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A condition on events: who sees what.
 *
 * <p>A filter looks at one image of an event at a time; {@link Selection} says which. A path that isn't there compares
 * like null: equal to null alone. Values of different kinds are unequal, numbers are compared exactly, and so
 * {@code 1 = 1.0}.
 *
 * <p>Immutable and safe for use by any thread. Records compare by value; two filters that mean the same, but are written
 * differently, have equal {@link #canonical()} forms where that can be told from their shape.
 */
public sealed interface Filter {
    /** Every event. */
    static Filter all() {
        return new And(List.of());
    }

    /** No event. */
    static Filter none() {
        return new Or(List.of());
    }

    /** Events whose {@code attribute} is {@code value}. */
    static Filter eq(Attribute attribute, Value value) {
        return new Equals(attribute, value);
    }

    /** Events of one topic. */
    static Filter topic(String topic) {
        return eq(Attribute.TOPIC, Value.of(topic));
    }

    /** Events whose {@code attribute} is one of {@code values}. */
    static Filter in(Attribute attribute, Collection<? extends Value> values) {
        return new In(attribute, List.copyOf(values));
    }

    /** What matches every one of {@code filters}; with none of them, everything. */
    static Filter and(Filter... filters) {
        return new And(Arrays.asList(filters));
    }

    /** What matches any of {@code filters}; with none of them, nothing. */
    static Filter or(Filter... filters) {
        return new Or(Arrays.asList(filters));
    }

    /** What does not match {@code filter}. */
    static Filter not(Filter filter) {
        return new Not(filter);
    }

    /** Whether {@code image} matches. */
    boolean matches(Image image);

    /** An equivalent filter in which order, nesting and repetition have been taken out. */
    Filter canonical();

    /** The wire form, which {@link FilterJson#parse(JsonValue)} reads. */
    JsonArray toJson();

    /** {@code attribute = value}. */
    record Equals(Attribute attribute, Value value) implements Filter {
        /** @throws FilterException if {@code attribute} can't be {@code value}, as a topic can't be a number */
        public Equals {
            FilterJson.requireFits(attribute, value);
        }

        @Override
        public boolean matches(Image image) {
            return value.equals(image.value(attribute));
        }

        @Override
        public Filter canonical() {
            return this;
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(attribute, "=", value.toJson());
        }
    }

    /** {@code attribute in values}; with no values it matches nothing. */
    record In(Attribute attribute, List<Value> values) implements Filter {
        /**
         * Copies the list.
         *
         * @throws FilterException if {@code attribute} can't be one of {@code values}, as a topic can't be a number
         */
        public In {
            values = List.copyOf(values);
            values.forEach(value -> FilterJson.requireFits(attribute, value));
        }

        @Override
        public boolean matches(Image image) {
            return values.contains(image.value(attribute));
        }

        @Override
        public Filter canonical() {
            List<Value> distinct = values.stream()
                    .distinct()
                    .sorted(Comparator.comparing(Value::toString))
                    .toList();
            return switch (distinct.size()) {
                case 0 -> none();
                case 1 -> new Equals(attribute, distinct.get(0));
                default -> new In(attribute, distinct);
            };
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.condition(
                    attribute, "in", FilterJson.array(values.stream().map(Value::toJson)));
        }
    }

    /** Every one of {@code filters}. */
    record And(List<Filter> filters) implements Filter {
        /** Copies the list. */
        public And {
            filters = List.copyOf(filters);
        }

        @Override
        public boolean matches(Image image) {
            for (Filter filter : filters) {
                if (!filter.matches(image)) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public Filter canonical() {
            List<Filter> parts = new ArrayList<>();
            for (Filter filter : filters) {
                Filter part = filter.canonical();
                if (part instanceof And inner) {
                    parts.addAll(inner.filters);
                } else {
                    parts.add(part);
                }
            }
            List<Filter> distinct = sorted(parts);
            if (distinct.contains(none())) {
                return none();
            }
            return distinct.size() == 1 ? distinct.get(0) : new And(distinct);
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.compound("and", filters);
        }
    }

    /** Any of {@code filters}. */
    record Or(List<Filter> filters) implements Filter {
        /** Copies the list. */
        public Or {
            filters = List.copyOf(filters);
        }

        @Override
        public boolean matches(Image image) {
            for (Filter filter : filters) {
                if (filter.matches(image)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public Filter canonical() {
            List<Filter> parts = new ArrayList<>();
            for (Filter filter : filters) {
                Filter part = filter.canonical();
                if (part instanceof Or inner) {
                    parts.addAll(inner.filters);
                } else {
                    parts.add(part);
                }
            }
            List<Filter> distinct = sorted(parts);
            if (distinct.contains(all())) {
                return all();
            }
            return distinct.size() == 1 ? distinct.get(0) : new Or(distinct);
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.compound("or", filters);
        }
    }

    /** What does not match {@code filter}. */
    record Not(Filter filter) implements Filter {
        @Override
        public boolean matches(Image image) {
            return !filter.matches(image);
        }

        @Override
        public Filter canonical() {
            Filter inner = filter.canonical();
            if (inner instanceof Not twice) {
                return twice.filter;
            }
            if (inner.equals(all())) {
                return none();
            }
            return inner.equals(none()) ? all() : new Not(inner);
        }

        @Override
        public JsonArray toJson() {
            return FilterJson.compound("not", List.of(filter));
        }
    }

    private static List<Filter> sorted(List<Filter> filters) {
        Map<Filter, String> texts = new LinkedHashMap<>();
        filters.forEach(filter ->
                texts.computeIfAbsent(filter, distinct -> distinct.toJson().toString()));
        return texts.entrySet().stream()
                .sorted(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .toList();
    }
}
