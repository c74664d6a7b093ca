package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
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
        RandomFilters random = new RandomFilters("shouldComeBackFromTheWireAsItWas");
        for (int i = 0; i < 5_000; i++) {
            Filter filter = random.filter(5);
            byte[] utf8 = filter.toJson().toString().getBytes(StandardCharsets.UTF_8);
            assertEquals(filter, FilterJson.parse(new String(utf8, StandardCharsets.UTF_8)));
        }
        Filter nasty = Filter.in(
                Attribute.data("\u00e9\"\\\u0001\ud83d\ude00", " "),
                List.of(Value.of("\u0000\u2028\"\\"), Value.of(new BigDecimal("1e999999")), Value.of("")));
        assertEquals(nasty, FilterJson.parse(nasty.toJson().toString()));
    }

    @Test
    void shouldSayWhatIsWrong() {
        assertRefused("not JSON", "");
        assertRefused("not JSON", "topic = x");
        assertRefused("not JSON", "[] []");
        assertRefused("not JSON", "[\"data.x\",\"=\",NaN]");
        assertRefused("not JSON", "[\"data.x\",\"=\"," + "1".repeat(20_000) + "]");
        assertRefused("not JSON", "[\"data.x\",\"=\",1e99999999999]");
        assertRefused("expected a condition", "{}");
        assertRefused("expected a condition", "null");
        assertRefused("expected a condition", "[\"and\",\"x\"]");
        assertRefused("expected a condition", "[[\"topic\",\"=\",\"x\"],1]");
        assertRefused("expected an attribute", "[1,\"=\",1]");
        assertRefused("expected [attribute, operator, operand]", "[\"topic\"]");
        assertRefused("expected [attribute, operator, operand]", "[\"topic\",\"=\"]");
        assertRefused("expected [attribute, operator, operand]", "[\"topic\",\"=\",\"x\",\"y\"]");
        assertRefused("expected [attribute, operator, operand]", "[\"topic\",1,\"x\"]");
        assertRefused("unknown operator \"like\"", "[\"topic\",\"like\",\"x\"]");
        assertRefused("unknown attribute \"subject\"", "[\"subject\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"data\"", "[\"data\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"data.\"", "[\"data.\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"data..x\"", "[\"data..x\",\"=\",\"x\"]");
        assertRefused("unknown attribute \"Topic\"", "[\"Topic\",\"=\",\"x\"]");
        assertRefused("\"not\" takes one", "[\"not\"]");
        assertRefused("\"not\" takes one", "[\"not\",[],[]]");
        assertRefused("\"in\" takes an array", "[\"topic\",\"in\",\"x\"]");
        assertRefused("not [1]", "[\"data.x\",\"=\",[1]]");
        assertRefused("not {}", "[\"data.x\",\"in\",[{}]]");
        assertRefused("\"topic\" can't be 1", "[\"topic\",\"=\",1]");
        assertRefused("\"id\" can't be \"1\"", "[\"id\",\"=\",\"1\"]");
        assertRefused("RFC 3339", "[\"at\",\"=\",\"yesterday\"]");
        assertRefused("\"at\" can't be 5", "[\"at\",\"=\",5]");
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
