package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.FilterCoverage;
import dev.everafter.testkit.RandomFilters;
import dev.everafter.testkit.Seed;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What holds for all filters and events. */
class RandomFiltersTest {
    @Test
    void shouldReachEveryOperatorWithMatchesAndWithout() {
        RandomFilters random = new RandomFilters(Seed.random("shouldReachEveryOperatorWithMatchesAndWithout"));
        FilterCoverage coverage = new FilterCoverage();
        for (int i = 0; i < 40_000; i++) {
            coverage.count(random.condition(), random.event(random.id()));
        }
        System.out.println(coverage);
        // a member of an event is always there
        List<String> never = List.of("at = null", "id = null", "topic = null", "type = null");
        assertEquals(never, coverage.onesided());
    }

    @Test
    void shouldMatchTheSameEventsInItsCanonicalForm() {
        RandomFilters random = new RandomFilters(Seed.random("shouldMatchTheSameEventsInItsCanonicalForm"));
        int matches = 0;
        for (int i = 0; i < 1_500; i++) {
            Filter written = random.filter(4);
            Filter canonical = written.canonical();
            assertEquals(canonical, canonical.canonical(), written::toString);
            for (int e = 0; e < 10; e++) {
                Event event = random.event(random.id());
                EventImages images = new EventImages(event);
                Image image = images.before().map(view -> (Image) view).orElse(images.current());
                boolean match = written.matches(image);
                matches += match ? 1 : 0;
                assertEquals(match, canonical.matches(image), () -> written + " against " + event);
            }
        }
        assertTrue(matches > 1_500 && matches < 13_500, "a test of nothing: " + matches + " matches of 15000");
    }

    @Test
    void shouldComeBackFromTheWireAsItWas() {
        RandomFilters random = new RandomFilters(Seed.random("shouldComeBackFromTheWireAsItWas"));
        for (int i = 0; i < 2_000; i++) {
            Filter filter = random.filter(5);
            byte[] utf8 = filter.toJson().toString().getBytes(StandardCharsets.UTF_8);
            assertEquals(filter, FilterJson.parse(new String(utf8, StandardCharsets.UTF_8)));
        }
    }

    @Test
    void shouldMeanTheSameWhenReadFromItsText() {
        RandomFilters random = new RandomFilters(Seed.random("shouldMeanTheSameWhenReadFromItsText"));
        for (int i = 0; i < 2_000; i++) {
            Filter filter = random.filter(5);
            String text = FilterText.of(filter);
            assertEquals(filter.canonical(), FilterText.parse(text).canonical(), text);
            String canonical = FilterText.of(filter.canonical());
            assertEquals(canonical, FilterText.of(FilterText.parse(canonical)));
        }
    }

    @Test
    void shouldNeverSelectWhatNoImageMatches() {
        RandomFilters random = new RandomFilters(Seed.random("shouldNeverSelectWhatNoImageMatches"));
        int selected = 0;
        for (int i = 0; i < 2_000; i++) {
            Selection selection = new Selection(random.filter(3), random.filter(2));
            Event event = random.event(random.id());
            EventImages images = new EventImages(event);
            if (images.wholeTable()) {
                continue;
            }
            // the hint that logs and the lanes' index narrow by
            Filter hint = selection.combined();
            boolean hinted = hint.matches(images.current())
                    || images.before().map(hint::matches).orElse(false);
            Optional<Event> form = selection.select(event);
            selected += form.isPresent() ? 1 : 0;
            assertTrue(hinted || form.isEmpty(), () -> selection + " selects " + event);
        }
        assertTrue(selected > 80, "a test of nothing: " + selected + " selected");
    }

    // what can't be known

    @Test
    void shouldBeSureOnlyOfWhatHoldsWhateverOldHolds() {
        Random chance = Seed.random("shouldBeSureOnlyOfWhatHoldsWhateverOldHolds");
        RandomFilters random = new RandomFilters(chance);
        int sure = 0;
        int open = 0;
        for (int i = 0; i < 500; i++) {
            Filter filter = random.filter(3);
            Event event = event(random, random.row(), random.row());
            EventImages.View hidden = new EventImages(event).currentWithoutOld();
            boolean surely = hidden.surely(filter);
            boolean possibly = hidden.possibly(filter);
            assertTrue(possibly || !surely, filter::toString);
            for (int n = 0; n < 10; n++) {
                Event other = event(random, event.data().orElseThrow(), random.row());
                Event completed = Event.builder(event.id(), event.topic(), event.type())
                        .at(event.at())
                        .key(event.key().orElse(null))
                        .data(event.data().orElseThrow())
                        .old(other.old().orElseThrow())
                        .build();
                assertBetween(
                        surely, filter.matches(new EventImages(completed).current()), possibly, filter, completed);
            }
            sure += surely ? 1 : 0;
            open += possibly && !surely ? 1 : 0;
        }
        assertTrue(sure > 50 && open > 15, "a test of nothing: " + sure + " sure, " + open + " open");
    }

    @Test
    void shouldBeSureOnlyOfWhatHoldsWhateverAColumnHoldsThatItCannotRead() {
        RandomFilters random = new RandomFilters(Seed.random("shouldBeSure...WhateverAColumnHoldsThatItCannotRead"));
        RawJson tooDeep = RawJson.of("[".repeat(1_500) + "]".repeat(1_500));
        assertSureWhateverCannotBeRead(
                random,
                row -> withA(row, tooDeep),
                row -> withA(row, RawJson.of("[" + members(random.row()).get("a") + "]")));
        RawJson noText = RawJson.of("\"\\u00zz\"");
        assertSureWhateverCannotBeRead(
                random,
                row -> withA(row, noText),
                row -> withA(row, RawJson.of(FilterJson.string(random.event(1).topic()))));
    }

    @Test
    void shouldBeSureOnlyOfWhatHoldsWhateverAMemberHoldsThatItCannotRead() {
        RandomFilters random = new RandomFilters(Seed.random("shouldBeSure...WhateverAMemberHoldsThatItCannotRead"));
        RawJson broken = RawJson.of("{\"a\": 1, \"b\" 2}");
        assertSureWhateverCannotBeRead(random, row -> broken, row -> random.row());
    }

    private static RawJson withA(RawJson row, RawJson a) {
        Map<String, RawJson> members = members(row);
        members.put("a", a);
        return RawJson.of(members.entrySet().stream()
                .map(member -> FilterJson.string(member.getKey()) + ":" + member.getValue())
                .collect(Collectors.joining(",", "{", "}")));
    }

    private static Map<String, RawJson> members(RawJson row) {
        Map<String, RawJson> members = new TreeMap<>();
        row.members(members::put);
        return members;
    }

    private static void assertSureWhateverCannotBeRead(
            RandomFilters random, UnaryOperator<RawJson> unreadable, UnaryOperator<RawJson> readable) {
        int sure = 0;
        int open = 0;
        for (int i = 0; i < 500; i++) {
            Filter filter = random.filter(3);
            Event known = event(random, random.row(), random.row());
            for (Attribute.Root root : Attribute.Root.values()) {
                RawJson row = random.row();
                EventImages partly = new EventImages(with(known, root, unreadable.apply(row)));
                boolean surely = partly.current().surely(filter);
                boolean possibly = partly.current().possibly(filter);
                EventImages.View partlyBefore = partly.before().orElseThrow();
                boolean surelyBefore = partlyBefore.surely(filter);
                boolean possiblyBefore = partlyBefore.possibly(filter);
                for (int n = 0; n < 5; n++) {
                    Event completed = with(known, root, readable.apply(row));
                    EventImages images = new EventImages(completed);
                    assertBetween(surely, filter.matches(images.current()), possibly, filter, completed);
                    boolean before = filter.matches(images.before().orElseThrow());
                    assertBetween(surelyBefore, before, possiblyBefore, filter, completed);
                }
                // whatever was asked before
                for (int n = 0; n < 5; n++) {
                    partly.current().surely(random.filter(2));
                }
                assertEquals(surely, partly.current().surely(filter), filter::toString);
                sure += surely ? 1 : 0;
                open += possibly && !surely ? 1 : 0;
            }
        }
        assertTrue(sure > 50 && open > 15, "a test of nothing: " + sure + " sure, " + open + " open");
    }

    @Test
    void shouldTellATruncateToWhoeverARowMayHaveMatched() {
        RandomFilters random = new RandomFilters(Seed.random("shouldTellATruncateToWhoeverARowMayHaveMatched"));
        int told = 0;
        for (int i = 0; i < 500; i++) {
            Filter filter = random.filter(3);
            Event truncate = Event.builder(random.id(), "a", "truncate").build();
            boolean possibly = new EventImages(truncate).current().possibly(filter);
            for (int n = 0; n < 10; n++) {
                Event row = Event.builder(truncate.id(), "a", "truncate")
                        .key(random.row())
                        .data(random.row())
                        .old(random.row())
                        .build();
                boolean matches = filter.matches(new EventImages(row).current());
                assertTrue(possibly || !matches, () -> FilterText.of(filter) + " matches " + row);
            }
            told += possibly ? 1 : 0;
        }
        assertTrue(told > 50 && told < 480, "a test of nothing: " + told + " told");
    }

    private static Event event(RandomFilters random, RawJson data, RawJson old) {
        return Event.builder(random.id(), "a", "b")
                .at(RandomFilters.START)
                .key(random.row())
                .data(data)
                .old(old)
                .build();
    }

    private static Event with(Event event, Attribute.Root root, RawJson json) {
        return Event.builder(event.id(), event.topic(), event.type())
                .at(event.at())
                .key(root == Attribute.Root.KEY ? json : event.key().orElseThrow())
                .data(root == Attribute.Root.DATA ? json : event.data().orElseThrow())
                .old(root == Attribute.Root.OLD ? json : event.old().orElseThrow())
                .build();
    }

    private static void assertBetween(boolean surely, boolean holds, boolean possibly, Filter filter, Event event) {
        assertTrue(holds || !surely, () -> "surely " + FilterText.of(filter) + " but not of " + event);
        assertTrue(possibly || !holds, () -> "not possibly " + FilterText.of(filter) + " but of " + event);
    }
}
