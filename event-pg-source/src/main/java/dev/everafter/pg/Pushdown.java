package dev.everafter.pg;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The part of a filter that the database decides: what any match must have as its topic and its type. An event that
 * passes may still not match; one that doesn't pass never does.
 *
 * @param topics one of these, if present
 * @param types one of these, if present
 */
record Pushdown(Optional<List<String>> topics, Optional<List<String>> types) {
    static Pushdown of(Filter filter) {
        Filter canonical = filter.canonical();
        List<Filter> conjuncts = canonical instanceof Filter.And and ? and.filters() : List.of(canonical);
        return new Pushdown(wanted(conjuncts, Attribute.TOPIC), wanted(conjuncts, Attribute.TYPE));
    }

    boolean isEmpty() {
        return topics.isEmpty() && types.isEmpty();
    }

    /** What the first conjunct on {@code member} asks for; one is enough for a superset. */
    private static Optional<List<String>> wanted(List<Filter> conjuncts, Attribute member) {
        for (Filter conjunct : conjuncts) {
            if (conjunct instanceof Filter.Equals equals && equals.attribute().equals(member)) {
                return Optional.of(texts(List.of(equals.value())));
            }
            if (conjunct instanceof Filter.In in && in.attribute().equals(member)) {
                return Optional.of(texts(in.values()));
            }
        }
        return Optional.empty();
    }

    /** A member that is a string equals no value of another kind. */
    private static List<String> texts(List<Value> values) {
        List<String> texts = new ArrayList<>();
        for (Value value : values) {
            if (value instanceof Value.Text text) {
                texts.add(text.text());
            }
        }
        return texts;
    }
}
