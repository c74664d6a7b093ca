package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import jakarta.json.JsonException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RawJsonTest {
    @Test
    void shouldKeepTheTextAsItWasWritten() {
        for (String text : List.of("{\"a\": 1}", "1.0", "null", "\"\u00e9\ud83d\ude00\"", "[]")) {
            RawJson json = RawJson.of(text);
            assertEquals(text, json.toString());
            assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), json.toByteArray());
            assertEquals(text.getBytes(StandardCharsets.UTF_8).length, json.length());
            assertEquals(json, RawJson.ofUtf8(text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    @Test
    void shouldNotChangeWhenTheArraysAroundItDo() {
        byte[] given = "{\"a\":1}".getBytes(StandardCharsets.UTF_8);
        RawJson json = RawJson.ofUtf8(given);
        given[1] = 'X';
        json.toByteArray()[1] = 'X';
        assertEquals("{\"a\":1}", json.toString());
    }

    @Test
    void shouldEqualTheSameTextWhereverItLies() {
        byte[] shared = "[[1,2],[1,2],[1,3]]".getBytes(StandardCharsets.UTF_8);
        RawJson one = RawJson.slice(shared, 1, 5);
        RawJson two = RawJson.slice(shared, 7, 5);
        RawJson other = RawJson.slice(shared, 13, 5);
        assertEquals("[1,2]", one.toString());
        assertEquals(one, two);
        assertEquals(one.hashCode(), two.hashCode());
        assertEquals(RawJson.of("[1,2]").hashCode(), two.hashCode());
        assertEquals(one.parse(), two.parse());
        assertNotEquals(one, other);
        assertNotEquals(one, RawJson.slice(shared, 1, 4));
        assertNotEquals(RawJson.of("{\"a\":1}"), RawJson.of("{\"a\": 1}"));
        assertThrows(IndexOutOfBoundsException.class, () -> RawJson.slice(shared, 18, 2));
    }

    @Test
    void shouldKeepOfAnObjectTheNamedMembersAloneAndTheirValuesAsTheyAre() {
        Set<String> names = Set.of("a", "b\"c", "é");
        assertEquals(
                "{\"a\":{\"secret\": [1.0]},\"b\\\"c\":null}",
                RawJson.of(" { \"secret\" : {\"a\":1}, \"\\u0061\" : {\"secret\": [1.0]} , \"b\\\"c\":null } ")
                        .only(names)
                        .orElseThrow()
                        .toString());
        assertEquals(
                "{\"é\":1}",
                RawJson.of("{\"A\":0,\"é\":1}").only(names).orElseThrow().toString());
        assertEquals(
                "{}", RawJson.of("{\"secret\":1}").only(names).orElseThrow().toString());
        assertEquals("{}", RawJson.of("{}").only(Set.of()).orElseThrow().toString());
        for (String none : List.of("[\"a\"]", "\"a\"", "1", "null", "")) {
            assertEquals(Optional.empty(), RawJson.of(none).only(names), none);
        }
        assertThrows(JsonException.class, () -> RawJson.of("{\"a\":1").only(names));
    }

    @Test
    void shouldRefuseToParseWhatIsNotOneValue() {
        for (String text : List.of("", " ", "{", "[1] [2]", "1 2", "{},", "nul", "{\"a\":1", "\"\\u00zz\"")) {
            assertThrows(JsonException.class, RawJson.of(text)::parse, text);
            assertThrows(JsonException.class, () -> RawJson.parse(text), text);
        }
    }

    @Test
    void shouldSayThatItsLimitsArePassed() {
        assertEquals(
                new BigDecimal("7".repeat(10_000)),
                RawJson.of("[" + "7".repeat(10_000) + "]")
                        .parse()
                        .asJsonArray()
                        .getJsonNumber(0)
                        .bigDecimalValue());
        assertThrows(JsonException.class, RawJson.of("7".repeat(10_001))::parse);
        assertThrows(JsonException.class, RawJson.of("1e99999999999")::parse);
        RawJson.of("[".repeat(900) + "]".repeat(900)).parse();
        assertThrows(JsonException.class, RawJson.of("[".repeat(5_000) + "]".repeat(5_000))::parse);
    }
}
