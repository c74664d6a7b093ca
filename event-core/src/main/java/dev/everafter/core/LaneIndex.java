package dev.everafter.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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
 * <p>For the dispatcher's thread.
 */
final class LaneIndex {
    private final Map<Attribute, Map<Value, Set<Lane>>> byValue = new HashMap<>();
    private final Set<Lane> others = new LinkedHashSet<>();
    private final Set<Lane> all = new LinkedHashSet<>();

    void add(Lane lane) {
        all.add(lane);
        Optional<List<Anchor>> anchors = anchors(lane.selection().combined());
        if (anchors.isEmpty()) {
            others.add(lane);
            return;
        }
        for (Anchor anchor : anchors.get()) {
            Map<Value, Set<Lane>> values = byValue.computeIfAbsent(anchor.attribute(), a -> new HashMap<>());
            anchor.values()
                    .forEach(value -> values.computeIfAbsent(value, v -> new LinkedHashSet<>())
                            .add(lane));
        }
    }

    void remove(Lane lane) {
        all.remove(lane);
        Optional<List<Anchor>> anchors = anchors(lane.selection().combined());
        if (anchors.isEmpty()) {
            others.remove(lane);
            return;
        }
        for (Anchor anchor : anchors.get()) {
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

    /** Proposes each lane that {@code images} may match, some perhaps twice. */
    void candidates(EventImages images, Consumer<Lane> consumer) {
        if (images.wholeTable()) {
            all.forEach(consumer);
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
    private static Optional<List<Anchor>> anchors(Filter filter) {
        if (filter instanceof Filter.Equals equals) {
            return Optional.of(List.of(new Anchor(equals.attribute(), List.of(equals.value()))));
        }
        if (filter instanceof Filter.In in) {
            return Optional.of(List.of(new Anchor(in.attribute(), in.values())));
        }
        if (filter instanceof Filter.And and) {
            return and.filters().stream()
                    .map(LaneIndex::anchors)
                    .flatMap(Optional::stream)
                    .min(Comparator.comparingInt(LaneIndex::cost));
        }
        if (filter instanceof Filter.Or or) {
            List<Anchor> all = new ArrayList<>();
            for (Filter part : or.filters()) {
                Optional<List<Anchor>> anchors = anchors(part);
                if (anchors.isEmpty()) {
                    return Optional.empty();
                }
                all.addAll(anchors.get());
            }
            return Optional.of(all);
        }
        return Optional.empty();
    }

    /** Few values are selective; a column is more so than a topic. */
    private static int cost(List<Anchor> anchors) {
        int cost = 0;
        for (Anchor anchor : anchors) {
            cost += 2 * anchor.values().size() + (anchor.attribute() instanceof Attribute.Member ? 1 : 0);
        }
        return cost;
    }

    private record Anchor(Attribute attribute, List<Value> values) {}
}
