package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.Event;
import dev.everafter.core.Position;
import dev.everafter.testkit.History.Promise;
import dev.everafter.testkit.History.Stretch;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The checker itself: each kind of error is counted as what it is, and nothing else is. The log holds 10, 20, ... 90. */
class ComparisonTest {
    private final Deliveries expected = new Deliveries();

    ComparisonTest() {
        LongStream.rangeClosed(1, 9).forEach(n -> expected.add(event(n * 10)));
    }

    private static Event event(long id) {
        return Event.builder(id, "t", "insert").build();
    }

    private static Stretch stretch(long start, long end, long... ids) {
        Stretch stretch = new History("h", 0, Promise.ONCE).begin();
        stretch.startsAt(new Position("e", start));
        for (long id : ids) {
            stretch.take(event(id));
        }
        stretch.end(end);
        return stretch;
    }

    private Map<String, Integer> errors(Promise promise, Stretch... stretches) {
        return new Comparison("h", promise, expected, 0, 0)
                .of(List.of(stretches)).errors().entrySet().stream()
                        .filter(error -> error.getValue() > 0)
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    @Test
    void shouldFindNothingWhenAllCameOnceInOrder() {
        assertEquals(Map.of(), errors(Promise.ONCE, stretch(0, 95, 10, 20, 30, 40, 50, 60, 70, 80, 90)));
        assertEquals(Map.of(), errors(Promise.ONCE, stretch(40, 62, 50, 60), stretch(62, 70, 70)));
    }

    @Test
    void shouldCountWhatNeverCameAndTheRangesItMakes() {
        assertEquals(Map.of("lost", 4, "unsaid gaps", 2), errors(Promise.ONCE, stretch(0, 75, 10, 40, 50)));
    }

    @Test
    void shouldCountWhatCameAgain() {
        assertEquals(Map.of("repeated", 2), errors(Promise.ONCE, stretch(0, 30, 10, 20, 20, 20, 30)));
        assertEquals(Map.of("repeated", 1), errors(Promise.ONCE, stretch(0, 20, 10, 20), stretch(10, 30, 20, 30)));
    }

    @Test
    void shouldLetComeAgainWhatADeadSubscriberHadNotStored() {
        Stretch dead = stretch(0, 10, 10, 20);
        assertEquals(Map.of(), errors(Promise.AT_LEAST_ONCE, dead, stretch(10, 30, 20, 30)));
    }

    @Test
    void shouldFindLostWhatWasStoredButNeverHandled() {
        assertEquals(
                Map.of("lost", 1, "unsaid gaps", 1),
                errors(Promise.AT_LEAST_ONCE, stretch(0, 20, 10), stretch(20, 30, 30)));
    }

    @Test
    void shouldFindLostWhatLiesBetweenAnEndAndTheNextStart() {
        assertEquals(
                Map.of("lost", 1, "unsaid gaps", 1), errors(Promise.ONCE, stretch(0, 10, 10), stretch(20, 30, 30)));
    }

    @Test
    void shouldCountWhatCameTooLate() {
        assertEquals(Map.of("out of order", 1), errors(Promise.ONCE, stretch(0, 30, 10, 30, 20)));
    }

    @Test
    void shouldCountWhatShouldNotHaveCome() {
        assertEquals(Map.of("unmatched", 1), errors(Promise.ONCE, stretch(0, 30, 10, 15, 20, 30)));
        assertEquals(Map.of("unmatched", 1, "out of order", 1), errors(Promise.ONCE, stretch(10, 20, 10, 20)));
    }

    @Test
    void shouldCountWhatDiffersFromTheTable() {
        Stretch stretch = stretch(0, 10);
        Stretch other = new History("h", 0, Promise.ONCE).begin();
        other.startsAt(new Position("e", 10));
        other.take(Event.builder(20, "t", "update").build());
        other.end(20);
        assertEquals(Map.of("lost", 1, "unsaid gaps", 1, "unmatched", 1), errors(Promise.ONCE, stretch, other));
    }

    @Test
    void shouldCountGapsThatWereSaidAndNotTheirEventsAsLost() {
        Stretch stretch = new History("h", 0, Promise.ONCE).begin();
        stretch.startsAt(new Position("e", 0));
        stretch.gap(0, 20);
        stretch.take(event(30));
        stretch.end(30);
        assertEquals(Map.of("gaps without a cause", 1), errors(Promise.ONCE, stretch));
    }

    @Test
    void shouldTakeNothingAfterTheEnd() {
        Stretch stretch = stretch(0, 10, 10);
        assertEquals(false, stretch.take(event(20)));
        assertEquals(Map.of(), errors(Promise.ONCE, stretch));
    }
}
