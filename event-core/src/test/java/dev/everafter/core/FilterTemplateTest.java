package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.Json;
import jakarta.json.JsonValue;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a principal's attributes become in a filter: values, and nothing else. */
class FilterTemplateTest {
    private static Optional<Filter> bind(String text, JsonValue value) {
        return FilterTemplate.parse(text).bind(name -> name.equals("x") ? Optional.of(value) : Optional.empty());
    }

    private static void assertBinds(String expected, String text, JsonValue value) {
        assertEquals(Optional.of(FilterText.parse(expected)), bind(text, value), text);
    }

    private static void assertNothing(String text, JsonValue value) {
        assertEquals(Optional.empty(), bind(text, value), text);
    }

    @Test
    void shouldFillValuesIn() {
        assertBinds("data.owner = 'bob'", "data.owner = ${x}", Json.createValue("bob"));
        assertBinds("data.level <= 3 and topic = 'a'", "data.level<=${x} and topic = 'a'", Json.createValue(3));
        assertBinds("not (data.own = true)", "not (data.own = ${x})", JsonValue.TRUE);
        assertBinds("at >= '2026-01-01T00:00:00Z'", "at >= ${x}", Json.createValue("2026-01-01T00:00:00Z"));
        assertBinds("data.tags contains 'a'", "data.tags contains ${x}", Json.createValue("a"));
        assertBinds("id != 7", "id != ${x}", Json.createValue(7));
    }

    @Test
    void shouldFillListsInWhereAListStands() {
        JsonValue list = Json.createArrayBuilder().add("a").add("b").build();
        assertBinds("topic in ('a', 'b')", "topic in ${x}", list);
        assertBinds("topic not in ('a', 'b')", "topic not in ${x}", list);
        assertBinds("data.tags contains ('a', 'b')", "data.tags contains ${x}", list);
        assertBinds("topic in ()", "topic in ${x}", JsonValue.EMPTY_JSON_ARRAY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "' or true or topic = '",
                "bob' or 'a' = 'a",
                "${x}",
                "${sub}",
                "%",
                "null",
                "true",
                ") or (true",
                "\\' or true --"
            })
    void shouldKeepTheStructureWhateverAValueHolds(String hostile) {
        Filter expected = Filter.and(Filter.eq(Attribute.data("owner"), Value.of(hostile)), Filter.topic("t"));
        assertEquals(
                Optional.of(expected), bind("data.owner = ${x} and topic = 't'", Json.createValue(hostile)), hostile);
    }

    @Test
    void shouldMakeNothingOfWhatIsMissingOrDoesNotFit() {
        assertEquals(
                Optional.empty(),
                FilterTemplate.parse("not (data.owner = ${y})").bind(name -> Optional.empty()));
        assertNothing("data.owner != ${x}", JsonValue.NULL);
        assertNothing("data.owner = ${x}", JsonValue.EMPTY_JSON_OBJECT);
        assertNothing("data.owner = ${x}", Json.createArrayBuilder().add("a").build());
        assertNothing("topic in ${x}", Json.createValue("a"));
        assertNothing("topic in ${x}", Json.createArrayBuilder().addNull().build());
        assertNothing(
                "topic in ${x}",
                Json.createArrayBuilder().add(Json.createArrayBuilder()).build());
        assertNothing("topic = ${x}", Json.createValue(1));
        assertNothing("id = ${x}", Json.createValue("1"));
        assertNothing("data.tags contains ${x}", JsonValue.EMPTY_JSON_ARRAY);
        assertNothing("data.owner = ${x}", Json.createValue("a\u0000b"));
        assertNothing("data.owner = ${x} or true", JsonValue.NULL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "data.owner like ${x}",
                "any ilike ${x}",
                "data.owner = '${x}'",
                "data.${x} = 1",
                "data.owner ${x} 1",
                "${x} = 1",
                "data.owner = ${}",
                "data.owner = ${x",
                "data.owner = x${x}",
                "topic in (${x}, 'a')",
                "data.owner = ${x} and",
                "data.owner = ${x} ${x}",
                "data.a = 'it is ${x}' and data.owner = ${x}"
            })
    void shouldRefuseWhatWouldBeNoFilterWhateverFillsIt(String text) {
        FilterException e = assertThrows(FilterException.class, () -> FilterTemplate.parse(text));
        assertTrue(String.valueOf(e.getMessage()).startsWith("at column "), e.getMessage());
    }

    @Test
    void shouldKnowNoPlaceholdersInOrdinaryFilters() {
        assertThrows(FilterException.class, () -> FilterText.parse("data.owner = ${x}"));
        assertEquals(Filter.eq(Attribute.data("owner"), Value.of("${x}")), FilterText.parse("data.owner = '${x}'"));
    }
}
