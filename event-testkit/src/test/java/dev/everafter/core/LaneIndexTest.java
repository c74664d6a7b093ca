package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.RandomFilters;
import dev.everafter.testkit.Seed;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LaneIndexTest {
    private final LaneIndex index = new LaneIndex();

    private Lane add(Filter filter) {
        Lane lane = new Lane(Selection.of(filter), new Head(0, "epoch", 0), new EncodedBytes(0));
        index.add(lane);
        return lane;
    }

    private Set<Lane> candidates(Event event) {
        Set<Lane> candidates = new HashSet<>();
        index.candidates(new EventImages(event), candidates::add);
        return candidates;
    }

    private static Event event(String topic, String data) {
        return Event.builder(1, topic, "x").data(RawJson.of(data)).build();
    }

    @Test
    void shouldProposeEveryLaneThatSelectsTheEvent() {
        RandomFilters random = new RandomFilters(Seed.random("shouldProposeEveryLaneThatSelectsTheEvent"));
        List<Lane> lanes = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            lanes.add(add(i % 2 == 0 ? random.condition() : random.filter(3)));
        }
        for (int i = 0; i < 300; i++) {
            Event event = random.event(random.id());
            Set<Lane> proposed = candidates(event);
            for (Lane lane : lanes) {
                boolean selected = lane.selection().select(event).isPresent();
                assertTrue(!selected || proposed.contains(lane), () -> lane.selection() + " misses " + event);
            }
        }
    }

    /** A string that names the time is another value than the time. */
    @Test
    void shouldProposeALaneThatAsksForAStringAsATime() {
        Lane lane = add(Filter.where(Attribute.data("x")).is(Value.of(Instant.EPOCH)));
        assertEquals(Set.of(lane), candidates(event("a", "{\"x\":\"1970-01-01\"}")));
    }

    @Test
    void shouldLookUpWhatTheFewestLanesShare() {
        Filter open = Filter.where(Attribute.data("state")).is("open");
        List<Lane> lanes = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            lanes.add(add(Filter.and(Filter.topic("t" + i), open)));
        }
        // the first could know no better; all others are told apart by their topic
        assertEquals(Set.of(lanes.get(0), lanes.get(7)), candidates(event("t7", "{\"state\":\"open\"}")));
    }

    @Test
    void shouldSplitADisjunction() {
        add(Filter.or(Filter.topic("a"), Filter.where(Attribute.data("x")).in("b", "c")));
        assertEquals(1, candidates(event("a", "{}")).size());
        assertEquals(1, candidates(event("z", "{\"x\":\"c\"}")).size());
        assertEquals(0, candidates(event("z", "{\"x\":\"a\"}")).size());
    }

    @Test
    void shouldLeaveNothingBehindOfAHundredThousandLanes() {
        List<Lane> lanes = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            Filter key = Filter.where(Attribute.key("id")).is(i);
            lanes.add(add(
                    switch (i % 4) {
                        case 0 -> Filter.and(Filter.topic("orders"), key);
                        case 1 -> Filter.or(Filter.topic("t" + i), key);
                        case 2 -> Filter.where(Attribute.data("total")).greaterThan(i);
                        default -> Filter.where(Attribute.data("c" + i % 50)).in("a" + i, "b" + i);
                    }));
        }
        assertTrue(index.size() > 200_000, () -> index.size() + " entries");
        lanes.forEach(index::remove);
        assertEquals(0, index.size());
        assertEquals(0, candidates(event("orders", "{}")).size());
    }
}
