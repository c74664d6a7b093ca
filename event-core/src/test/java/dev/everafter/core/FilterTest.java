package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class FilterTest {
    private static final Attribute X = Attribute.data("x");
    private static final Filter A = Filter.topic("a");
    private static final Filter B = Filter.topic("b");
    private static final Filter ONE = Filter.eq(X, Value.of(1));

    private static boolean matches(Filter filter, String data) {
        return filter.matches(new EventImages(
                        Event.builder(7, "a", "x").data(RawJson.of(data)).build())
                .current());
    }

    private static boolean isX(Value value, String x) {
        return matches(Filter.eq(X, value), "{\"x\":" + x + "}");
    }

    @Test
    void shouldCompareNumbersExactly() {
        for (String one : List.of("1", "1.0", "1.000", "1e0", "10E-1", "0.1e1")) {
            assertTrue(isX(Value.of(1), one), one);
            assertTrue(isX(Value.of(new BigDecimal(one)), "1"), one);
        }
        assertTrue(isX(Value.of(0), "-0.0"));
        assertFalse(isX(Value.of(1), "1.0000000000000000000001"));
        assertTrue(isX(Value.of((1L << 53) + 1), "9007199254740993"));
        assertFalse(isX(Value.of((1L << 53) + 1), "9007199254740992"));
        assertFalse(isX(Value.of(new BigDecimal("0.1")), "0.1000000000000000055511151231257827"));
        assertTrue(isX(Value.of(new BigDecimal("1e400")), "1" + "0".repeat(400)));
    }

    @Test
    void shouldNotTakeOneKindForAnother() {
        assertFalse(isX(Value.of(1), "\"1\""));
        assertFalse(isX(Value.of("1"), "1"));
        assertFalse(isX(Value.of(true), "\"true\""));
        assertFalse(isX(Value.of(true), "1"));
        assertFalse(isX(Value.of(1), "[1]"));
        assertFalse(isX(Value.of(""), "null"));
        assertFalse(isX(Value.absent(), "\"null\""));
        assertFalse(isX(Value.absent(), "{}"));
        assertTrue(isX(Value.of(false), "false"));
        assertTrue(isX(Value.of("\u00e9\ud83d\ude00"), "\"\\u00e9\ud83d\ude00\""));
        assertFalse(isX(Value.of("\u00e9"), "\"e\u0301\""), "composed is not decomposed");
    }

    @Test
    void shouldTakeAPathThatLeadsNowhereForNull() {
        Filter absent = Filter.eq(Attribute.data("x", "y"), Value.absent());
        for (String data :
                List.of("{}", "{\"x\":null}", "{\"x\":1}", "{\"x\":[1]}", "{\"x\":{\"z\":1}}", "[1]", "null")) {
            assertTrue(matches(absent, data), data);
            assertFalse(matches(Filter.eq(Attribute.data("x", "y"), Value.of(1)), data), data);
        }
        assertFalse(matches(absent, "{\"x\":{\"y\":1}}"));
        assertTrue(matches(Filter.not(Filter.eq(Attribute.data("x", "y"), Value.of(1))), "{}"));
    }

    @Test
    void shouldMatchAsTheirNamesSay() {
        assertTrue(matches(Filter.in(X, List.of(Value.of("a"), Value.of(1))), "{\"x\":1.0}"));
        assertFalse(matches(Filter.in(X, List.of(Value.of("a"), Value.of(1))), "{\"x\":2}"));
        assertTrue(matches(Filter.in(X, List.of(Value.absent())), "{}"));
        assertFalse(matches(Filter.in(X, List.of()), "{\"x\":1}"));
        assertTrue(matches(Filter.and(A, ONE), "{\"x\":1}"));
        assertFalse(matches(Filter.and(A, ONE), "{\"x\":2}"));
        assertFalse(matches(Filter.and(B, ONE), "{\"x\":1}"));
        assertTrue(matches(Filter.or(B, ONE), "{\"x\":1}"));
        assertFalse(matches(Filter.or(B, ONE), "{\"x\":2}"));
        assertFalse(matches(Filter.not(A), "{}"));
        assertTrue(matches(Filter.all(), "{}"));
        assertFalse(matches(Filter.none(), "{}"));
    }

    @Test
    void shouldLookAtTheEventsOwnMembers() {
        Instant at = Instant.parse("2026-11-24T00:00:00.123456Z");
        EventImages images = new EventImages(Event.builder(7, "a", "insert")
                .at(at.plusNanos(789))
                .key(RawJson.of("{\"id\":3}"))
                .build());
        for (Filter filter : List.of(
                A,
                Filter.eq(Attribute.TYPE, Value.of("insert")),
                Filter.eq(Attribute.ID, Value.of(7)),
                Filter.eq(Attribute.AT, Value.of(at)),
                Filter.eq(Attribute.key("id"), Value.of(3)))) {
            assertTrue(filter.matches(images.current()), filter::toString);
            assertFalse(Filter.not(filter).matches(images.current()), filter::toString);
        }
    }

    @Test
    void shouldRefuseWhatCanNeverMeanTheSameOnTheWire() {
        assertThrows(FilterException.class, () -> Filter.eq(Attribute.TOPIC, Value.of(1)));
        assertThrows(FilterException.class, () -> Filter.eq(Attribute.ID, Value.of("1")));
        assertThrows(FilterException.class, () -> Filter.eq(Attribute.AT, Value.of("2026-11-24T00:00:00Z")));
        assertThrows(
                FilterException.class,
                () -> Filter.eq(X, Value.of(RawJson.of("[1]").parse())));
        assertThrows(FilterException.class, () -> Filter.in(X, List.of(Value.of("\ud800"))));
        assertThrows(FilterException.class, () -> Attribute.data("\udc00"));
        assertThrows(FilterException.class, () -> Attribute.data("\0"));
        assertThrows(FilterException.class, () -> Filter.eq(X, Value.of("\0")));
        assertThrows(FilterException.class, () -> Filter.eq(X, Value.of(new BigDecimal("1e131072"))));
        assertThrows(FilterException.class, () -> Filter.eq(X, Value.of(new BigDecimal("1e-16384"))));
        assertThrows(FilterException.class, () -> Filter.eq(X, Value.of(Instant.MAX)));
        assertThrows(FilterException.class, () -> Filter.where(Attribute.ID).like("1%"));
        assertThrows(FilterException.class, () -> Filter.where(Attribute.TOPIC).exists());
        assertThrows(FilterException.class, () -> Filter.where(Attribute.TOPIC).contains("a"));
        assertThrows(FilterException.class, () -> Filter.where(X).compare(Condition.Order.LESS, Value.absent()));
        assertThrows(FilterException.class, () -> Filter.where(X).like("a\\"));
        assertThrows(FilterException.class, Attribute::data);
    }

    // canonical

    @Test
    void shouldTakeOrderNestingAndRepetitionOut() {
        assertCanonical(Filter.and(A, ONE), Filter.and(ONE, A));
        assertCanonical(Filter.and(A, ONE), Filter.and(A, ONE, A));
        assertCanonical(Filter.and(A, B, ONE), Filter.and(Filter.and(ONE, Filter.and(B)), A, Filter.all()));
        assertCanonical(Filter.or(A, B, ONE), Filter.or(Filter.or(ONE, Filter.or(B)), A, Filter.none()));
        assertCanonical(A, Filter.and(A));
        assertCanonical(A, Filter.or(A, A));
        assertCanonical(A, Filter.not(Filter.not(A)));
        assertCanonical(Filter.and(A, B, ONE), Filter.and(Filter.not(Filter.not(Filter.and(B, ONE))), Filter.or(A)));
        assertNotEquals(Filter.and(A, B).canonical(), Filter.or(A, B).canonical());
    }

    @Test
    void shouldSortTheValuesOfIn() {
        List<Value> values = List.of(Value.of("b"), Value.of(1), Value.of("a"));
        assertCanonical(
                Filter.in(X, values),
                Filter.in(X, List.of(Value.of("a"), Value.of("b"), Value.of(new BigDecimal("1.0")), Value.of("a"))));
        assertCanonical(ONE, Filter.in(X, List.of(Value.of(1), Value.of(new BigDecimal("1.0")))));
        assertCanonical(Filter.none(), Filter.in(X, List.of()));
    }

    @Test
    void shouldLetAllAndNoneAbsorb() {
        assertCanonical(Filter.none(), Filter.and(A, Filter.none()));
        assertCanonical(Filter.none(), Filter.and(A, Filter.or(Filter.in(X, List.of()))));
        assertCanonical(Filter.all(), Filter.or(A, Filter.all()));
        assertCanonical(Filter.all(), Filter.or(A, Filter.and(Filter.all())));
        assertCanonical(Filter.all(), Filter.and());
        assertCanonical(Filter.none(), Filter.or());
        assertCanonical(Filter.none(), Filter.not(Filter.all()));
        assertCanonical(Filter.all(), Filter.not(Filter.none()));
        assertCanonical(Filter.all(), Filter.not(Filter.and(A, Filter.none())));
    }

    @Test
    void shouldSeeThroughNotListsAndNeedlessBounds() {
        Filter two = Filter.where(X).is(2);
        assertCanonical(Filter.or(Filter.not(A), Filter.not(ONE)), Filter.not(Filter.and(ONE, A)));
        assertCanonical(Filter.where(X).in(List.of(Value.of(1), Value.of(2))), Filter.or(two, ONE));
        assertCanonical(Filter.none(), Filter.and(ONE, two));
        assertCanonical(Filter.not(Filter.or(ONE, two)), Filter.and(Filter.not(ONE), Filter.not(two)));
        assertCanonical(two, Filter.and(Filter.where(X).in(List.of(Value.of(1), Value.of(2))), Filter.not(ONE)));
        assertCanonical(Filter.all(), Filter.or(A, Filter.not(A)));
        assertCanonical(A, Filter.and(A, Filter.or(A, ONE)));
        assertCanonical(
                Filter.where(X).lessThan(1),
                Filter.and(Filter.where(X).lessThan(1), Filter.where(X).atMost(1)));
        assertCanonical(
                Filter.where(X).atMost(1),
                Filter.or(Filter.where(X).lessThan(1), Filter.where(X).atMost(1)));
        assertCanonical(Filter.where(X).is("a"), Filter.where(X).like("\\a"));
    }

    /** One string may be equal to a time and to a string at once. */
    @Test
    void shouldNotTakeAStringAndATimeForContradictory() {
        Filter both =
                Filter.and(Filter.where(X).is("1970-01-01"), Filter.where(X).is(Value.of(Instant.EPOCH)));
        assertTrue(matches(both, "{\"x\":\"1970-01-01\"}"));
        assertTrue(matches(both.canonical(), "{\"x\":\"1970-01-01\"}"));
    }

    private static void assertCanonical(Filter expected, Filter written) {
        assertEquals(expected.canonical(), written.canonical());
        assertEquals(written.canonical(), written.canonical().canonical());
    }
}
