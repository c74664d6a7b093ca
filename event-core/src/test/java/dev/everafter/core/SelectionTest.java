package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SelectionTest {
    private static final Filter OPEN = Filter.eq(Attribute.data("state"), Value.of("open"));
    private static final Filter MINE = Filter.eq(Attribute.data("owner"), Value.of("me"));

    private static Event.Builder event(String type) {
        return Event.builder(9, "public.orders", type)
                .at(Instant.EPOCH)
                .tx("5")
                .last(true)
                .key(RawJson.of("{\"id\":1}"));
    }

    private static Event insert(String data) {
        return event("insert").data(RawJson.of(data)).build();
    }

    private static Event update(String data, String old) {
        return event("update").data(RawJson.of(data)).old(RawJson.of(old)).build();
    }

    private static Event delete(String old) {
        return event("delete").old(RawJson.of(old)).build();
    }

    private static void assertWhole(Event event, Selection selection) {
        assertSame(event, selection.select(event).orElseThrow());
    }

    private static void assertLeft(String key, Event event, Selection selection) {
        Event left = selection.select(event).orElseThrow();
        assertEquals(
                Event.builder(event.id(), event.topic(), event.type())
                        .at(event.at())
                        .tx("5")
                        .last(event.last())
                        .key(RawJson.of(key))
                        .left(true)
                        .build(),
                left);
        assertTrue(left.left());
    }

    private static void assertNothing(Event event, Selection selection) {
        assertEquals(Optional.empty(), selection.select(event));
    }

    // what is asked for

    @Test
    void shouldDeliverAnInsertThatMatches() {
        Selection open = Selection.of(OPEN);
        assertWhole(insert("{\"state\":\"open\"}"), open);
        assertNothing(insert("{\"state\":\"done\"}"), open);
        assertNothing(insert("{}"), open);
    }

    @Test
    void shouldDeliverAnUpdateWholeWhenTheRowIsInAfterIt() {
        Selection open = Selection.of(OPEN);
        assertWhole(update("{\"state\":\"open\",\"n\":2}", "{\"n\":1}"), open);
        assertWhole(update("{\"state\":\"open\"}", "{\"state\":\"done\"}"), open);
        assertWhole(update("{\"state\":\"open\"}", "{}"), open);
    }

    @Test
    void shouldDeliverTheKeyAloneWhenTheRowHasLeft() {
        assertLeft("{\"id\":1}", update("{\"state\":\"done\"}", "{\"state\":\"open\"}"), Selection.of(OPEN));
        assertLeft(
                "{\"id\":1}",
                update("{\"state\":\"done\",\"n\":2}", "{\"state\":\"open\",\"n\":null}"),
                Selection.of(Filter.and(OPEN, Filter.eq(Attribute.data("n"), Value.absent()))));
    }

    @Test
    void shouldDeliverNothingWhenTheRowIsOutBeforeAndAfter() {
        assertNothing(update("{\"state\":\"done\"}", "{\"state\":\"new\"}"), Selection.of(OPEN));
        // each part matched once, never both at once
        assertNothing(
                update("{\"state\":\"done\",\"n\":1}", "{\"state\":\"open\",\"n\":2}"),
                Selection.of(Filter.and(OPEN, Filter.eq(Attribute.data("n"), Value.of(1)))));
    }

    @Test
    void shouldDeliverADeleteOfARowThatMatched() {
        Selection open = Selection.of(OPEN);
        assertWhole(delete("{\"state\":\"open\"}"), open);
        assertNothing(delete("{\"state\":\"done\"}"), open);
    }

    @Test
    void shouldShowATruncateToWhoeverMayHaveFollowedOneOfTheRows() {
        Event truncate = Event.builder(9, "public.orders", "truncate").build();
        assertWhole(truncate, Selection.of(Filter.topic("public.orders")));
        assertWhole(truncate, Selection.of(Filter.all()));
        // Its rows may have been among these, and are gone.
        assertWhole(truncate, Selection.of(OPEN));
        assertWhole(truncate, Selection.of(Filter.not(OPEN)));
        assertWhole(truncate, new Selection(Filter.all(), MINE));
        assertNothing(truncate, Selection.of(Filter.and(Filter.topic("public.invoices"), OPEN)));
        assertNothing(truncate, new Selection(OPEN, Filter.topic("public.invoices")));
    }

    @Test
    void shouldLookAtOldItselfInBothImages() {
        Event event = update("{\"state\":\"done\"}", "{\"state\":\"open\"}");
        assertWhole(event, Selection.of(Filter.eq(Attribute.old("state"), Value.of("open"))));
        assertNothing(event, Selection.of(Filter.eq(Attribute.old("state"), Value.of("done"))));
        assertNothing(event, Selection.of(Filter.eq(Attribute.old("state"), Value.absent())));
    }

    @Test
    void shouldKnowOnlyTheImageAfterWhenOldIsNotKept() {
        Event event = event("update").data(RawJson.of("{\"state\":\"done\"}")).build();
        assertNothing(event, Selection.of(OPEN));
        assertWhole(event, Selection.of(Filter.not(OPEN)));
        assertWhole(event, new Selection(Filter.all(), Filter.not(OPEN)));
    }

    // the key

    @Test
    void shouldLeaveWithTheKeyThatTheRowHadBefore() {
        Event moved = event("update")
                .key(RawJson.of("{\"region\":\"eu\",\"id\":2}"))
                .data(RawJson.of("{\"region\":\"eu\",\"id\":2,\"state\":\"done\"}"))
                .old(RawJson.of("{\"id\":1,\"state\":\"open\"}"))
                .build();
        assertLeft("{\"region\":\"eu\",\"id\":1}", moved, Selection.of(OPEN));
        Filter wasOne = Filter.eq(Attribute.key("id"), Value.of(1));
        assertLeft("{\"region\":\"eu\",\"id\":1}", moved, Selection.of(wasOne));
        assertWhole(moved, Selection.of(Filter.eq(Attribute.key("id"), Value.of(2))));
    }

    @Test
    void shouldLeaveWithItsKeysOwnTextWhenThatDidNotChange() {
        Event event = event("update")
                .key(RawJson.of("{\"id\": 1.00}"))
                .data(RawJson.of("{\"id\": 1.00, \"state\": \"done\"}"))
                .old(RawJson.of("{\"state\": \"open\"}"))
                .build();
        assertLeft("{\"id\": 1.00}", event, Selection.of(OPEN));
    }

    @Test
    void shouldLeaveWithoutAKeyWhenThereIsNone() {
        Event event = Event.builder(9, "public.orders", "update")
                .data(RawJson.of("{\"state\":\"done\"}"))
                .old(RawJson.of("{\"state\":\"open\"}"))
                .build();
        Event left = Selection.of(OPEN).select(event).orElseThrow();
        assertTrue(left.left());
        assertEquals(Optional.empty(), left.key());
    }

    // what may be seen

    @Test
    void shouldDeliverOnlyWhatMayBeSeen() {
        Selection mine = new Selection(Filter.all(), MINE);
        assertWhole(insert("{\"owner\":\"me\"}"), mine);
        assertNothing(insert("{\"owner\":\"you\"}"), mine);
        assertNothing(delete("{\"owner\":\"you\"}"), mine);
        assertNothing(insert("{\"owner\":\"me\",\"state\":\"done\"}"), new Selection(OPEN, MINE));
    }

    @Test
    void shouldHideOldWhenTheImageBeforeWasNotToBeSeen() {
        Event given = update("{\"owner\":\"me\",\"secret\":2}", "{\"owner\":\"you\",\"secret\":1}");
        Event seen = new Selection(Filter.all(), MINE).select(given).orElseThrow();
        assertEquals(event("update").data(given.data().orElseThrow()).build(), seen);
        assertWhole(update("{\"owner\":\"me\",\"n\":2}", "{\"n\":1}"), new Selection(Filter.all(), MINE));
    }

    @Test
    void shouldLeaveWithTheKeyAloneWhenTheRowIsNoLongerToBeSeen() {
        Event taken = update("{\"owner\":\"you\",\"secret\":2}", "{\"owner\":\"me\",\"secret\":1}");
        assertLeft("{\"id\":1}", taken, new Selection(Filter.all(), MINE));
        // it matched, and it was visible, but never at once
        assertNothing(
                update("{\"owner\":\"you\",\"state\":\"open\"}", "{\"owner\":\"me\",\"state\":\"done\"}"),
                new Selection(OPEN, MINE));
    }

    /** Whether {@code old.secret} is 1 must not be told by an event's coming or not coming. */
    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void shouldNotAnswerAFilterOnOldWhenTheImageBeforeWasNotToBeSeen(String secret) {
        Event given = update("{\"owner\":\"me\",\"secret\":0}", "{\"owner\":\"you\",\"secret\":" + secret + "}");
        Filter isOne = Filter.eq(Attribute.old("secret"), Value.of(1));
        Filter orders = Filter.topic("public.orders");
        for (Filter nothing : List.of(
                isOne,
                Filter.not(isOne),
                Filter.and(orders, isOne),
                Filter.not(Filter.or(isOne, Filter.none())),
                Filter.in(Attribute.old("secret"), List.of(Value.of(1), Value.of(3))))) {
            assertNothing(given, new Selection(nothing, MINE));
        }
        // what is so either way is delivered
        Event withoutOld = event("update").data(given.data().orElseThrow()).build();
        for (Filter either : List.of(
                Filter.or(orders, isOne),
                Filter.not(Filter.and(Filter.topic("other"), isOne)),
                Filter.or(isOne, orders))) {
            assertEquals(Optional.of(withoutOld), new Selection(either, MINE).select(given));
        }
    }

    // what can't be read

    @Test
    void shouldDeliverWhatItCannotReadOnlyToThoseWhoDoNotAsk() {
        Event deep = insert("{\"state\":\"open\",\"x\":" + "[".repeat(5_000) + "]".repeat(5_000) + "}");
        assertWhole(deep, Selection.of(Filter.all()));
        assertWhole(deep, Selection.of(Filter.or(Filter.topic("public.orders"), OPEN)));
        assertWhole(deep, Selection.of(Filter.eq(Attribute.key("id"), Value.of(1))));
        assertWhole(deep, Selection.of(OPEN));
        Filter isOne = Filter.eq(Attribute.data("x"), Value.of(1));
        for (Filter asks : List.of(isOne, Filter.not(isOne), Filter.eq(Attribute.data("x"), Value.absent()))) {
            assertNothing(deep, Selection.of(asks));
            assertNothing(deep, new Selection(Filter.all(), asks));
            assertNothing(deep, Selection.of(Filter.and(OPEN, asks)));
        }
        assertNothing(
                event("insert").key(RawJson.of("{")).data(RawJson.of("{")).build(),
                Selection.of(Filter.or(Filter.not(Filter.eq(Attribute.key("id"), Value.of(1))), Filter.not(OPEN))));
    }

    // sharing

    @Test
    void shouldBeEqualWhenItsFiltersMeanTheSame() {
        assertEquals(
                new Selection(Filter.and(OPEN, MINE), Filter.and()),
                new Selection(Filter.and(MINE, OPEN, OPEN), Filter.all()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"everafter:omitted\":2000000}", "{\"everafter:text\":\"1e999999\"}"})
    void shouldKnowNothingOfAValueThatWasNotCaptured(String mark) {
        Event event = insert("{\"state\":" + mark + ",\"owner\":\"me\"}");
        for (Filter filter : List.of(
                OPEN,
                Filter.not(OPEN),
                Filter.eq(Attribute.data("state"), Value.absent()),
                Filter.not(Filter.where(Attribute.data("state", "x")).exists()),
                Filter.not(Filter.any(LikePattern.of("open", true))),
                Filter.not(Filter.eq(Attribute.data("state", "everafter:omitted"), Value.of(1))))) {
            assertNothing(event, Selection.of(filter));
            assertNothing(event, new Selection(Filter.all(), filter));
            assertWhole(event, Selection.of(Filter.or(filter, MINE)));
            assertLeft("{\"id\":1}", update("{\"state\":" + mark + "}", "{\"owner\":\"me\"}"), Selection.of(MINE));
        }
        assertWhole(event, Selection.of(MINE));
    }
}
