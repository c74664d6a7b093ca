package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FilterJsonTest {
    @Test
    void shouldReadTheGrammar() {
        Filter orders = Filter.topic("public.orders");
        Filter total = Filter.eq(Attribute.data("total"), Value.of(new BigDecimal("9.5")));
        assertReads(orders, "[\"topic\",\"=\",\"public.orders\"]");
        assertReads(total, "[\"data.total\",\"=\",9.50]");
        assertReads(Filter.and(orders, total), "[[\"topic\",\"=\",\"public.orders\"],[\"data.total\",\"=\",9.5]]");
        assertReads(
                Filter.and(orders, total), "[\"and\",[\"topic\",\"=\",\"public.orders\"],[\"data.total\",\"=\",9.5]]");
        assertReads(
                Filter.or(orders, total), "[\"or\",[\"topic\",\"=\",\"public.orders\"],[\"data.total\",\"=\",9.5]]");
        assertReads(Filter.not(orders), "[\"not\",[\"topic\",\"=\",\"public.orders\"]]");
        assertReads(
                Filter.in(Attribute.data("a", "b"), List.of(Value.of("x"), Value.of(true), Value.absent())),
                "[\"data.a.b\",\"in\",[\"x\",true,null]]");
        assertReads(
                Filter.eq(Attribute.AT, Value.of(Instant.parse("2026-11-23T22:00:00Z"))),
                "[\"at\",\"=\",\"2026-11-24T00:00:00+02:00\"]");
        assertReads(Filter.eq(Attribute.ID, Value.of(7)), "[\"id\",\"=\",7]");
        assertReads(Filter.eq(Attribute.key("id"), Value.of(7)), "[\"key.id\",\"=\",7]");
        assertReads(Filter.eq(Attribute.old("id"), Value.absent()), "[\"old.id\",\"=\",null]");
        assertReads(Filter.all(), "[]");
        assertReads(Filter.all(), "[\"and\"]");
        assertReads(Filter.none(), "[\"or\"]");
        assertReads(Filter.and(Filter.all()), "[[]]");
    }

    private static void assertReads(Filter expected, String text) {
        assertEquals(expected, FilterJson.parse(text));
        assertEquals(expected, FilterJson.parse(expected.toJson()));
    }

    @Test
    void shouldComeBackFromTheWireAsItWas() {
        Filter nasty = Filter.in(
                Attribute.data("\u00e9\"\\\u0001\ud83d\ude00", " "),
                List.of(Value.of("\u0001\u2028\"\\"), Value.of(new BigDecimal("1e9999")), Value.of("")));
        assertEquals(nasty, FilterJson.parse(nasty.toJson().toString()));
    }

    @Test
    void shouldReadEveryOperator() {
        Attribute.Path x = (Attribute.Path) Attribute.data("x");
        Value noon = Value.of(Instant.parse("2026-11-24T12:00:00Z"));
        assertReads(Filter.not(Filter.where(x).is(1)), "[\"data.x\",\"!=\",1]");
        assertReads(Filter.not(Filter.where(x).is(1)), "[\"data.x\",\"<>\",1]");
        assertReads(Filter.not(Filter.where(x).in("a", "b")), "[\"data.x\",\"not in\",[\"a\",\"b\"]]");
        assertReads(Filter.where(x).lessThan(1), "[\"data.x\",\"<\",1]");
        assertReads(Filter.where(x).atMost(1), "[\"data.x\",\"<=\",1]");
        assertReads(Filter.where(x).greaterThan(1), "[\"data.x\",\">\",1]");
        assertReads(Filter.where(x).compare(Condition.Order.AT_LEAST, Value.of("b")), "[\"data.x\",\">=\",\"b\"]");
        assertReads(Filter.where(x).is(noon), "[\"data.x\",\"=\",{\"time\":\"2026-11-24T13:00:00+01:00\"}]");
        assertReads(
                Filter.where(x).in(List.of(noon, Value.of(1))),
                "[\"data.x\",\"in\",[{\"time\":\"2026-11-24 12:00\"},1]]");
        assertReads(Filter.where(Attribute.AT).since(Instant.EPOCH), "[\"at\",\">=\",\"1970-01-01\"]");
        assertReads(Filter.where(Attribute.AT).since(Instant.EPOCH), "[\"at\",\">=\",{\"time\":\"1970-01-01\"}]");
        assertReads(Filter.where(x).like("a%_\\%"), "[\"data.x\",\"like\",\"a%_\\\\%\"]");
        assertReads(Filter.where(x).ilike("a%"), "[\"data.x\",\"ilike\",\"A%%\"]");
        assertReads(Filter.any(LikePattern.of("a%", false)), "[\"any\",\"like\",\"a%\"]");
        assertReads(Filter.where(x).exists(), "[\"data.x\",\"exists\",true]");
        assertReads(Filter.not(Filter.where(x).exists()), "[\"data.x\",\"exists\",false]");
        assertReads(Filter.where(x).exists(), "[\"data\",\"exists\",\"x\"]");
        assertReads(Filter.where(Attribute.data("a.b")).exists(), "[\"data\",\"exists\",\"a.b\"]");
        assertReads(Filter.where(x).contains("a"), "[\"data.x\",\"contains\",\"a\"]");
        assertReads(
                Filter.where(x).contains(List.of(Value.of("a"), Value.of(1))), "[\"data.x\",\"contains\",[\"a\",1]]");
        assertReads(Filter.where(Attribute.data("a.b", "<c>", "")).is(1), "[\"data.<a.b>.<<c>>>.<>\",\"=\",1]");
    }

    @Test
    void shouldAskItsRulesWhatKindsThereAre() {
        FilterRules rules = FilterRules.builder()
                .kinds((attribute, kind) ->
                        kind.equals("pet") ? Optional.of(Filter.where(attribute).in("cat", "dog")) : Optional.empty())
                .build();
        Filter pet = Filter.where(Attribute.data("x")).in("cat", "dog");
        assertEquals(
                pet,
                FilterJson.parse(RawJson.of("[\"data.x\",\"is_a\",\"pet\"]").parse(), rules));
        assertEquals(
                Filter.or(pet, pet),
                FilterJson.parse(
                        RawJson.of("[\"data.x\",\"is_a\",[\"pet\",\"pet\"]]").parse(), rules));
        FilterException e = assertThrows(
                FilterException.class,
                () -> FilterJson.parse(
                        RawJson.of("[\"data.x\",\"is_a\",\"car\"]").parse(), rules));
        assertEquals("at /2: expected a known kind: \"car\"", e.getMessage());
    }

    @Test
    void shouldSayWhatIsWrongAndWhere() {
        assertRefused("not JSON", "");
        assertRefused("not JSON", "topic = x");
        assertRefused("not JSON", "[] []");
        assertRefused("not JSON", "[\"data.x\",\"=\",NaN]");
        assertRefused("not JSON", "[\"data.x\",\"=\"," + "1".repeat(20_000) + "]");
        assertRefused("not JSON", "[\"data.x\",\"=\",1e99999999999]");
        assertRefused("the filter: expected a condition", "{}");
        assertRefused("the filter: expected a condition", "null");
        assertRefused("at /1: expected a condition", "[\"and\",\"x\"]");
        assertRefused("at /1: expected a condition", "[[\"topic\",\"=\",\"x\"],1]");
        assertRefused("at /0: expected an attribute", "[1,\"=\",1]");
        assertRefused("the filter: expected [attribute, operator, operand]: [\"topic\"]", "[\"topic\"]");
        assertRefused("the filter: expected [attribute, operator, operand]", "[\"topic\",\"=\"]");
        assertRefused("the filter: expected [attribute, operator, operand]", "[\"topic\",\"=\",\"x\",\"y\"]");
        assertRefused("at /1: expected an operator, one of =, !=, <", "[\"topic\",1,\"x\"]");
        assertRefused(
                "at /1/1/1: unknown operator \"~\": expected one of =, !=", "[\"or\",[\"not\",[\"topic\",\"~\",1]]]");
        assertRefused("at /1/0: unknown attribute \"subject\": expected topic,", "[[],[\"subject\",\"=\",\"x\"]]");
        assertRefused("at /0: unknown attribute \"data\"", "[\"data\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"data.\"", "[\"data.\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"data..x\"", "[\"data..x\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"data.<x\"", "[\"data.<x\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"data.<x>y\"", "[\"data.<x>y\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"Topic\"", "[\"Topic\",\"=\",\"x\"]");
        assertRefused("\"not\" takes one", "[\"not\"]");
        assertRefused("\"not\" takes one", "[\"not\",[],[]]");
        assertRefused("at /2: expected a list of values, not \"x\"", "[\"topic\",\"in\",\"x\"]");
        assertRefused("at /2: expected one value, not a list", "[\"data.x\",\"=\",[1]]");
        assertRefused("at /2: expected a string, number, boolean, time or null, not {}", "[\"data.x\",\"in\",[{}]]");
        assertRefused("at /2: \"topic\" can't be 1: expected a string", "[\"topic\",\"=\",1]");
        assertRefused("at /2: \"id\" can't be \"1\": expected a number", "[\"id\",\"=\",\"1\"]");
        assertRefused("at /2: \"at\" can't be \"yesterday\": expected a time such as", "[\"at\",\"=\",\"yesterday\"]");
        assertRefused("\"at\" can't be 5", "[\"at\",\"=\",5]");
        assertRefused("at /2: expected a time such as 2026-11-24T00:00:00Z", "[\"data.x\",\"=\",{\"time\":\"noon\"}]");
        assertRefused("at /2: expected a string, number or time to compare with, not null", "[\"data.x\",\"<\",null]");
        assertRefused("not true", "[\"data.x\",\">=\",true]");
        assertRefused("at /2: expected a pattern, not 1", "[\"data.x\",\"like\",1]");
        assertRefused("at /2: expected a character after the \"\\\"", "[\"data.x\",\"like\",\"a\\\\\"]");
        assertRefused("at /0: \"id\" is no string", "[\"id\",\"like\",\"1%\"]");
        assertRefused("at /1: expected like or ilike for any, not =", "[\"any\",\"=\",\"x\"]");
        assertRefused("at /2: expected true or false, not 1", "[\"data.x\",\"exists\",1]");
        assertRefused("at /2: expected a member's name, not true", "[\"data\",\"exists\",true]");
        assertRefused("at /0: \"topic\" holds no JSON", "[\"topic\",\"exists\",true]");
        assertRefused("at /0: \"type\" holds no JSON", "[\"type\",\"contains\",\"x\"]");
        assertRefused("at /2: expected at least one value to contain", "[\"data.x\",\"contains\",[]]");
        assertRefused("at /2: expected a string or a number to contain, not null", "[\"data.x\",\"contains\",null]");
        assertRefused("at /2: no kinds are known here: \"pet\"", "[\"data.x\",\"is_a\",\"pet\"]");
        assertRefused("at most 131072 digits before and 16383 after", "[\"data.x\",\"=\",1e131072]");
        assertRefused("at most 131072 digits", "[\"data.x\",\"=\",100e2147483647]");
        assertRefused("NUL", "[\"data.x\",\"=\",\"a\\u0000\"]");
        assertRefused("…", "[\"" + "x".repeat(20_000) + "\",\"=\",1]");
    }

    @Test
    void shouldKeepToItsLimits() {
        FilterRules rules = FilterRules.builder()
                .depth(2)
                .conditions(2)
                .operands(3)
                .pattern(4)
                .build();
        String a = "[\"topic\",\"=\",\"a\"]";
        assertWithin("nested deeper than 2", "[[[" + a + "]]]", "[[" + a + "]]", rules);
        assertWithin(
                "at /2: more than 2 conditions", "[" + a + "," + a + "," + a + "]", "[" + a + "," + a + "]", rules);
        assertWithin(
                "at /2: expected at most 3 values, not 4",
                "[\"topic\",\"in\",[\"a\",\"b\",\"c\",\"a\"]]",
                "[\"topic\",\"in\",[\"a\",\"b\",\"c\"]]",
                rules);
        assertWithin(
                "at /2: expected at most 3 values, not 4",
                "[\"data.x\",\"contains\",[1,2,3,4]]",
                "[\"data.x\",\"contains\",[1,2,3]]",
                rules);
        assertWithin(
                "at /2: expected a pattern of at most 4 characters",
                "[\"topic\",\"like\",\"abcde\"]",
                "[\"topic\",\"like\",\"\ud83d\ude00bcd\"]",
                rules);
    }

    private static void assertWithin(String why, String beyond, String within, FilterRules rules) {
        var unused = FilterJson.parse(RawJson.of(within).parse(), rules);
        FilterException e = assertThrows(
                FilterException.class, () -> FilterJson.parse(RawJson.of(beyond).parse(), rules));
        assertTrue(String.valueOf(e.getMessage()).contains(why), e::getMessage);
    }

    private static void assertRefused(String why, String text) {
        FilterException e = assertThrows(FilterException.class, () -> FilterJson.parse(text), text);
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains(why), () -> text + " is refused with: " + message);
    }

    @Test
    void shouldRefuseUnpairedSurrogates() {
        assertRefused("unpaired surrogate", "[\"data.x\",\"=\",\"a\\ud800\"]");
        assertRefused("unpaired surrogate", "[\"topic\",\"in\",[\"x\",\"\\udc00\\ud800\"]]");
        assertRefused("unpaired surrogate", "[\"data.\\udfff\",\"=\",1]");
        assertEquals(Filter.topic("\ud83d\ude00"), FilterJson.parse("[\"topic\",\"=\",\"\\ud83d\\ude00\"]"));
    }

    @Test
    void shouldNestUpToThirtyTwoDeep() {
        assertEquals(Filter.topic("a"), FilterJson.parse(nested(32)).canonical());
        assertRefused("nested deeper than 32", nested(33));
        assertRefused("nested deeper than 32", nested(500));
        assertRefused("not JSON", nested(100_000));
    }

    private static String nested(int depth) {
        return "[\"and\",".repeat(depth) + "[\"topic\",\"=\",\"a\"]" + "]".repeat(depth);
    }
}
