package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LazyJsonTest {
    private final List<JsonException> troubles = new ArrayList<>();

    private LazyJson lazy(String json) {
        return new LazyJson(RawJson.of(json), troubles::add);
    }

    private LazyJson column(String json, String name) {
        return Objects.requireNonNull(lazy(json).members().get(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                " { } ",
                "{\"a\":1}",
                "\t{ \"a\" :\n-1.50e+3 , \"b\":\r\"x\" }\n",
                "{\"a\":{\"b\":[{\"c\":\"}\"},[\"]\"]]},\"d\":[],\"e\":{}}",
                "{\"a\":\"\\\"\\\\\",\"b\":\"{\",\"c\":\"\\u00e9\\ud83d\\ude00\",\"d\":\"\u00e9\ud83d\ude00\"}",
                "{\"\\u0061\\n\":true,\"\u00e9\":false,\"\":null,\"a,b\":0}",
                "{\"a\":1,\"b\":2,\"a\":3}",
                "[{\"a\":1}]",
                "\"a\"",
                "12",
                "null"
            })
    void shouldFindWhatAParserFinds(String json) {
        LazyJson lazy = lazy(json);
        if (!(RawJson.of(json).parse() instanceof JsonObject object)) {
            assertEquals(0, lazy.members().size());
            return;
        }
        assertEquals(object.keySet(), lazy.members().keySet());
        object.forEach((name, value) ->
                assertEquals(Value.of(value), column(json, name).value(), name));
        assertEquals(object, lazy.toRaw().parse());
        assertEquals(List.of(), troubles);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{]",
                "{\"",
                "{\"a",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":}",
                "{\"a\":1",
                "{\"a\":1,",
                "{\"a\":1,}",
                "{\"a\" 1}",
                "{a:1}",
                "{\"a\":[1}",
                "{\"a\":1}}",
                "{\"a\":1}{}",
                "{\"a\":\"\\",
                "{\"\\u00zz\":1}",
                "{\"a\":\u0001 2}"
            })
    void shouldKnowNothingOfAnObjectThatIsBroken(String json) {
        assertTrue(lazy(json).isMark(), json);
        assertEquals(1, troubles.size());
    }

    @Test
    void shouldReadOnlyWhatIsAskedFor() {
        String deep = "[".repeat(1_500) + "]".repeat(1_500);
        String json = "{\"deep\":" + deep + ",\"long\":" + "7".repeat(10_001) + ",\"far\":1e99999999999,\"a\":1}";
        assertEquals(Value.of(1), column(json, "a").value());
        assertFalse(column(json, "a").isUnknown());
        assertEquals(0, troubles.size());
        for (String name : List.of("deep", "long", "far")) {
            assertTrue(column(json, name).isUnknown(), name);
        }
        assertEquals(3, troubles.size());
    }

    @Test
    void shouldNotTakeAnotherNullForUnreadable() {
        assertFalse(column("{\"a\":null}", "a").isUnknown());
    }

    @Test
    void shouldKnowThatAMarkTellsNothing() {
        assertTrue(column("{\"a\":{\"everafter:omitted\":5}}", "a").isUnknown());
        assertTrue(column("{\"a\":{\"everafter:text\":\"x\"}}", "a").isUnknown());
        assertFalse(column("{\"a\":{\"everafter:text\":\"x\",\"b\":1}}", "a").isUnknown());
        assertFalse(column("{\"a\":\"everafter:text\"}", "a").isUnknown());
    }

    @Test
    void shouldLayOldValuesOver() {
        LazyJson after = lazy("{\"a\":1,\"b\":2}");
        LazyJson old = lazy("{\"b\":3,\"c\":4}");
        assertEquals("{\"a\":1,\"b\":3}", after.overlaid(old, false).toRaw().toString());
        assertEquals(
                "{\"a\":1,\"b\":3,\"c\":4}", after.overlaid(old, true).toRaw().toString());
        assertEquals("{\"a\":1,\"b\":2}", after.toRaw().toString());
        assertTrue(after.overlaid(lazy("{\"b\""), true).isMark());
        assertTrue(lazy("{\"b\"").overlaid(old, true).isMark());
    }
}
