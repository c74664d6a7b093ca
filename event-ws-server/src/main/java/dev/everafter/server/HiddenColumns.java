package dev.everafter.server;

import dev.everafter.core.Attribute;
import dev.everafter.core.Condition;
import dev.everafter.core.Filter;
import dev.everafter.core.Value;
import dev.everafter.server.spi.Renderer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds what a filter may not ask, since the client doesn't see it: whether an event matches would tell. It is found by
 * the filter and the rendering alone, so a column that exists nowhere is as hidden as one that does.
 *
 * <p>A condition counts for the topics that the conjunctions around it leave, by {@code =} or {@code in}, and otherwise for
 * all: beyond them its answer changes nothing, also under a negation.
 *
 * <p>Stateless.
 */
final class HiddenColumns {
    private HiddenColumns() {}

    /** The first attribute that {@code filter} may not ask for, as it is written in filters. */
    static Optional<String> find(Filter filter, Renderer renderer) {
        return find(filter, Optional.empty(), renderer);
    }

    /** @param topics those for which the answer matters; empty for all */
    private static Optional<String> find(Filter filter, Optional<Set<String>> topics, Renderer renderer) {
        if (filter instanceof Filter.And and) {
            Optional<Set<String>> left = topics;
            for (Filter part : and.filters()) {
                left = both(left, topicsOf(part));
            }
            return findAny(and.filters(), left, renderer);
        }
        if (filter instanceof Filter.Or or) {
            return findAny(or.filters(), topics, renderer);
        }
        if (filter instanceof Filter.Not not) {
            return find(not.filter(), topics, renderer);
        }
        if (filter instanceof Condition.OnAttribute condition) {
            return condition.attribute() instanceof Attribute.Path path
                            && !isShown(path.path().get(0), topics, renderer)
                    ? Optional.of(path.text())
                    : Optional.empty();
        }
        // Whatever else there is, now or later, asks for everything.
        return shown(topics, renderer).allMatch(Optional::isEmpty) ? Optional.empty() : Optional.of("any");
    }

    private static Optional<String> findAny(List<Filter> parts, Optional<Set<String>> topics, Renderer renderer) {
        return parts.stream()
                .flatMap(part -> find(part, topics, renderer).stream())
                .findFirst();
    }

    /** The topics that {@code filter} leaves by itself; empty for all. */
    private static Optional<Set<String>> topicsOf(Filter filter) {
        if (filter instanceof Condition.Equals equals && equals.attribute() == Attribute.TOPIC) {
            return Optional.of(texts(Set.of(equals.value())));
        }
        if (filter instanceof Condition.In in && in.attribute() == Attribute.TOPIC) {
            return Optional.of(texts(in.values()));
        }
        return Optional.empty();
    }

    private static Set<String> texts(Set<Value> values) {
        return values.stream()
                .filter(Value.Text.class::isInstance)
                .map(text -> ((Value.Text) text).text())
                .collect(Collectors.toUnmodifiableSet());
    }

    private static Optional<Set<String>> both(Optional<Set<String>> one, Optional<Set<String>> other) {
        if (one.isEmpty() || other.isEmpty()) {
            return one.or(() -> other);
        }
        return Optional.of(one.get().stream().filter(other.get()::contains).collect(Collectors.toUnmodifiableSet()));
    }

    private static boolean isShown(String column, Optional<Set<String>> topics, Renderer renderer) {
        return shown(topics, renderer)
                .allMatch(columns -> columns.isEmpty() || columns.get().contains(column));
    }

    private static Stream<Optional<Set<String>>> shown(Optional<Set<String>> topics, Renderer renderer) {
        return topics.isEmpty()
                ? Stream.of(renderer.columns(Optional.empty()))
                : topics.get().stream().map(topic -> renderer.columns(Optional.of(topic)));
    }
}
