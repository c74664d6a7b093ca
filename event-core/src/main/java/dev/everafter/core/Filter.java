package dev.everafter.core;

import jakarta.json.JsonArray;
import jakarta.json.JsonValue;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Who sees what: a {@link Condition}, or several put together. An image of an event matches or it doesn't, there is no
 * third answer: {@code not} matches exactly what its filter doesn't.
 *
 * <pre>{@code
 * Filter.and(Filter.topic("public.orders"), Filter.where(Attribute.data("total")).greaterThan(100))
 * }</pre>
 *
 * <p>A filter looks at one image of an event at a time; {@link Selection} says which. Two filters that mean the same, but
 * are written differently, have equal {@link #canonical()} forms where that can be told from their shape. {@link
 * FilterJson} has the wire form, {@link FilterText} the one for people.
 *
 * <p>Immutable and safe for use by any thread. Records compare by value.
 */
public sealed interface Filter permits Condition, Filter.And, Filter.Or, Filter.Not {
    /** Every event. */
    static Filter all() {
        return new And(List.of());
    }

    /** No event. */
    static Filter none() {
        return new Or(List.of());
    }

    /** Starts a condition on {@code attribute}. */
    static Where where(Attribute attribute) {
        return new Where(attribute);
    }

    /** Events whose {@code attribute} is {@code value}. */
    static Filter eq(Attribute attribute, Value value) {
        return new Condition.Equals(attribute, value);
    }

    /** Events of one topic. */
    static Filter topic(String topic) {
        return eq(Attribute.TOPIC, Value.of(topic));
    }

    /** Events whose {@code attribute} is one of {@code values}. */
    static Filter in(Attribute attribute, Collection<? extends Value> values) {
        return new Condition.In(attribute, values);
    }

    /** Events of which topic, type, or a column of key or data is a string that matches {@code pattern}. */
    static Filter any(LikePattern pattern) {
        return new Condition.AnyLike(pattern);
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

    /** An equivalent filter from which different ways of writing it have been taken out. */
    default Filter canonical() {
        return Canonical.of(this);
    }

    /** The wire form, which {@link FilterJson#parse(JsonValue)} reads. */
    JsonArray toJson();

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
        public JsonArray toJson() {
            return FilterJson.compound("not", List.of(filter));
        }
    }
}
