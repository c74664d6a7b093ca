package dev.everafter.core;

import dev.everafter.core.Condition.Order;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Takes out of a filter what is only a way of writing it: order, nesting and repetition; {@code not} around {@code and} and
 * {@code or}; equalities with the same attribute, which become one list; bounds that another makes needless; parts that
 * another part implies or contradicts.
 *
 * <p>Nothing is multiplied out, so the form is never larger than what was written. Stateless.
 */
final class Canonical {
    private Canonical() {}

    static Filter of(Filter filter) {
        return of(filter, false);
    }

    private static Filter of(Filter filter, boolean negated) {
        if (filter instanceof Filter.Not not) {
            return of(not.filter(), !negated);
        }
        if (filter instanceof Filter.And and) {
            return combined(!negated, each(and.filters(), negated));
        }
        if (filter instanceof Filter.Or or) {
            return combined(negated, each(or.filters(), negated));
        }
        Filter simplest = simplest((Condition) filter);
        return negated ? negation(simplest) : simplest;
    }

    private static List<Filter> each(List<Filter> filters, boolean negated) {
        return filters.stream().map(filter -> of(filter, negated)).toList();
    }

    private static Filter simplest(Condition condition) {
        if (condition instanceof Condition.In in) {
            return oneOf(in.attribute(), in.values());
        }
        if (condition instanceof Condition.Like like) {
            Optional<String> literal = like.pattern().literal();
            return literal.isPresent() ? new Condition.Equals(like.attribute(), Value.of(literal.get())) : condition;
        }
        return condition;
    }

    private static Filter oneOf(Attribute attribute, Collection<Value> values) {
        List<Value> sorted =
                values.stream().sorted(Comparator.comparing(Value::toString)).toList();
        return switch (sorted.size()) {
            case 0 -> Filter.none();
            case 1 -> new Condition.Equals(attribute, sorted.get(0));
            default -> new Condition.In(attribute, sorted);
        };
    }

    /** For what is canonical already. */
    private static Filter negation(Filter filter) {
        if (filter instanceof Filter.Not not) {
            return not.filter();
        }
        if (filter.equals(Filter.none())) {
            return Filter.all();
        }
        return filter.equals(Filter.all()) ? Filter.none() : new Filter.Not(filter);
    }

    /** Of canonical parts: all of them, or any. */
    private static Filter combined(boolean all, List<Filter> parts) {
        Filter empty = all ? Filter.all() : Filter.none();
        Filter absorbing = all ? Filter.none() : Filter.all();
        Set<Filter> simple = new LinkedHashSet<>(mergedBounds(all, mergedValues(all, flat(all, parts))));
        simple.remove(empty);
        if (simple.contains(absorbing) || simple.stream().anyMatch(part -> simple.contains(negation(part)))) {
            return absorbing;
        }
        List<Filter> needed = sorted(simple.stream()
                .filter(part -> inner(!all, part).stream().noneMatch(simple::contains))
                .toList());
        if (needed.size() == 1) {
            return needed.get(0);
        }
        return all ? new Filter.And(needed) : new Filter.Or(needed);
    }

    private static List<Filter> flat(boolean all, List<Filter> parts) {
        List<Filter> flat = new ArrayList<>();
        for (Filter part : parts) {
            boolean same = all ? part instanceof Filter.And : part instanceof Filter.Or;
            if (same) {
                flat.addAll(inner(all, part));
            } else {
                flat.add(part);
            }
        }
        return flat;
    }

    /** The parts of {@code filter}, if it is a conjunction ({@code all}), or else a disjunction. */
    private static List<Filter> inner(boolean all, Filter filter) {
        if (all) {
            return filter instanceof Filter.And and ? and.filters() : List.of();
        }
        return filter instanceof Filter.Or or ? or.filters() : List.of();
    }

    private static List<Filter> sorted(Collection<Filter> filters) {
        Map<Filter, String> texts = new HashMap<>();
        filters.forEach(filter -> texts.put(filter, filter.toJson().toString()));
        return filters.stream().sorted(Comparator.comparing(texts::get)).toList();
    }

    /** What the parts say of an attribute by listing values becomes one list. */
    private static List<Filter> mergedValues(boolean all, List<Filter> parts) {
        List<Filter> merged = new ArrayList<>();
        Map<Attribute, Lists> lists = new LinkedHashMap<>();
        for (Filter part : parts) {
            boolean negated = part instanceof Filter.Not;
            Filter condition = part instanceof Filter.Not not ? not.filter() : part;
            Optional<Condition.In> list = asList(condition);
            if (list.isEmpty()) {
                merged.add(part);
            } else {
                lists.computeIfAbsent(list.get().attribute(), attribute -> new Lists())
                        .add(all, negated, list.get().values());
            }
        }
        lists.forEach((attribute, list) -> merged.add(list.filter(all, attribute)));
        return merged;
    }

    /** Not where strings may be times: then two different values may be equal to the same attribute. */
    private static Optional<Condition.In> asList(Filter filter) {
        Optional<Condition.In> list = Optional.empty();
        if (filter instanceof Condition.In in) {
            list = Optional.of(in);
        } else if (filter instanceof Condition.Equals equals) {
            list = Optional.of(new Condition.In(equals.attribute(), List.of(equals.value())));
        }
        return list.filter(in -> !in.hasTimes());
    }

    /** The values that an attribute is to be among, and those that it is not to be among. */
    private static final class Lists {
        private Optional<Set<Value>> among = Optional.empty();
        private Optional<Set<Value>> notAmong = Optional.empty();

        void add(boolean all, boolean negated, Set<Value> values) {
            if (negated) {
                notAmong = Optional.of(both(notAmong, values, !all));
            } else {
                among = Optional.of(both(among, values, all));
            }
        }

        private static Set<Value> both(Optional<Set<Value>> known, Set<Value> more, boolean intersect) {
            Set<Value> both = new HashSet<>(known.orElse(more));
            if (intersect) {
                both.retainAll(more);
            } else {
                both.addAll(more);
            }
            return both;
        }

        Filter filter(boolean all, Attribute attribute) {
            if (among.isPresent() && notAmong.isPresent()) {
                Set<Value> rest = new HashSet<>(all ? among.get() : notAmong.get());
                rest.removeAll(all ? notAmong.get() : among.get());
                return all ? oneOf(attribute, rest) : negation(oneOf(attribute, rest));
            }
            return among.isPresent()
                    ? oneOf(attribute, among.get())
                    : negation(oneOf(attribute, notAmong.orElseThrow()));
        }
    }

    private record Bound(Attribute attribute, boolean upper, Class<?> kind, boolean negated) {}

    /** Of the bounds on one side of an attribute the one that decides. */
    private static List<Filter> mergedBounds(boolean all, List<Filter> parts) {
        List<Filter> merged = new ArrayList<>();
        Map<Bound, Condition.Compare> bounds = new LinkedHashMap<>();
        for (Filter part : parts) {
            boolean negated = part instanceof Filter.Not;
            Filter condition = part instanceof Filter.Not not ? not.filter() : part;
            if (condition instanceof Condition.Compare compare) {
                boolean upper = compare.order() == Order.LESS || compare.order() == Order.AT_MOST;
                Bound bound =
                        new Bound(compare.attribute(), upper, compare.value().getClass(), negated);
                bounds.merge(bound, compare, (one, other) -> implies(one, other) == (all != negated) ? one : other);
            } else {
                merged.add(part);
            }
        }
        bounds.forEach((bound, compare) -> merged.add(bound.negated ? new Filter.Not(compare) : compare));
        return merged;
    }

    /** Whether what meets {@code one} meets {@code other}, a bound on the same side. */
    private static boolean implies(Condition.Compare one, Condition.Compare other) {
        int difference = compare(one.value(), other.value());
        return switch (one.order()) {
            case LESS -> difference <= 0;
            case AT_MOST -> difference < 0 || (difference == 0 && other.order() == Order.AT_MOST);
            case GREATER -> difference >= 0;
            case AT_LEAST -> difference > 0 || (difference == 0 && other.order() == Order.AT_LEAST);
        };
    }

    private static int compare(Value one, Value other) {
        if (one instanceof Value.Numeric number) {
            return number.compareTo((Value.Numeric) other);
        }
        if (one instanceof Value.Text text) {
            return text.compareTo((Value.Text) other);
        }
        return ((Value.Time) one).compareTo((Value.Time) other);
    }
}
