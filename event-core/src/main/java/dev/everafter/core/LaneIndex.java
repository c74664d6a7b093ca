package dev.everafter.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Finds the lanes that an event may match without asking each: a lane whose filter demands that an attribute has one of
 * some values is looked up by that value. What can't be looked up is proposed for every event, so a lane is never missed.
 *
 * <p>Of several conditions that a filter demands, the one is taken that the fewest lanes share when the lane is added.
 * Nothing of a lane stays behind when it is removed.
 *
 * <p>For the dispatcher's thread.
 */
final class LaneIndex {
    private final Map<Attribute, Map<Value, Set<Lane>>> byValue = new HashMap<>();
    private final Set<Lane> others = new LinkedHashSet<>();
    /** Every lane with what it is looked up by; nothing for those that are always proposed. */
    private final Map<Lane, List<Anchor>> anchors = new LinkedHashMap<>();

    void add(Lane lane) {
        Optional<List<Anchor>> chosen = anchors(lane.selection().combined());
        anchors.put(lane, chosen.orElse(List.of()));
        if (chosen.isEmpty()) {
            others.add(lane);
            return;
        }
        for (Anchor anchor : chosen.get()) {
            Map<Value, Set<Lane>> values = byValue.computeIfAbsent(anchor.attribute(), a -> new HashMap<>());
            anchor.values()
                    .forEach(value -> values.computeIfAbsent(value, v -> new LinkedHashSet<>(1))
                            .add(lane));
        }
    }

    void remove(Lane lane) {
        others.remove(lane);
        List<Anchor> chosen = anchors.remove(lane);
        if (chosen == null) {
            return;
        }
        for (Anchor anchor : chosen) {
            byValue.computeIfPresent(anchor.attribute(), (attribute, values) -> {
                anchor.values()
                        .forEach(value -> values.computeIfPresent(value, (v, lanes) -> {
                            lanes.remove(lane);
                            return lanes.isEmpty() ? null : lanes;
                        }));
                return values.isEmpty() ? null : values;
            });
        }
    }

    /** How many entries it holds, of whatever kind. */
    int size() {
        int size = anchors.size() + others.size();
        for (Map<Value, Set<Lane>> values : byValue.values()) {
            size += values.values().stream().mapToInt(Set::size).sum();
        }
        return size;
    }

    /** Proposes each lane that {@code images} may match, some perhaps twice. */
    void candidates(EventImages images, Consumer<Lane> consumer) {
        if (images.wholeTable()) {
            anchors.keySet().forEach(consumer);
            return;
        }
        others.forEach(consumer);
        byValue.forEach((attribute, values) -> {
            Value current = images.current().value(attribute);
            values.getOrDefault(current, Set.of()).forEach(consumer);
            images.before().map(image -> image.value(attribute)).ifPresent(before -> {
                if (!before.equals(current)) {
                    values.getOrDefault(before, Set.of()).forEach(consumer);
                }
            });
        });
    }

    /** Conditions of which one must hold wherever {@code filter} matches; empty if there are none such. */
    private Optional<List<Anchor>> anchors(Filter filter) {
        if (filter instanceof Condition.Equals equals) {
            return anchor(new Condition.In(equals.attribute(), List.of(equals.value())));
        }
        if (filter instanceof Condition.In in) {
            return anchor(in);
        }
        if (filter instanceof Filter.And and) {
            return and.filters().stream()
                    .map(this::anchors)
                    .flatMap(Optional::stream)
                    .min(Comparator.comparingLong(this::crowd).thenComparingInt(LaneIndex::breadth));
        }
        if (filter instanceof Filter.Or or) {
            List<Anchor> all = new ArrayList<>();
            for (Filter part : or.filters()) {
                Optional<List<Anchor>> found = anchors(part);
                if (found.isEmpty()) {
                    return Optional.empty();
                }
                all.addAll(found.get());
            }
            return Optional.of(all);
        }
        return Optional.empty();
    }

    /** A string that is asked for as a time can't be looked up by it. */
    private static Optional<List<Anchor>> anchor(Condition.In in) {
        return in.hasTimes()
                ? Optional.empty()
                : Optional.of(List.of(new Anchor(in.attribute(), List.copyOf(in.values()))));
    }

    /** How many lanes would be proposed with it, at most. */
    private long crowd(List<Anchor> chosen) {
        long crowd = 0;
        for (Anchor anchor : chosen) {
            Map<Value, Set<Lane>> values = byValue.getOrDefault(anchor.attribute(), Map.of());
            for (Value value : anchor.values()) {
                crowd = Math.max(crowd, values.getOrDefault(value, Set.of()).size());
            }
        }
        return crowd;
    }

    /** Few values are selective; a column is more so than a topic. */
    private static int breadth(List<Anchor> chosen) {
        int breadth = 0;
        for (Anchor anchor : chosen) {
            breadth += 2 * anchor.values().size() + (anchor.attribute() instanceof Attribute.Member ? 1 : 0);
        }
        return breadth;
    }

    private record Anchor(Attribute attribute, List<Value> values) {}
}
