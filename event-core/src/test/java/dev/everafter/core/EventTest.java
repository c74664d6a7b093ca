package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventTest {
    private static final Instant AT = Instant.parse("2026-11-24T05:06:07.123456789Z");

    private static Event.Builder whole() {
        return Event.builder(12345, "public.orders", "update")
                .at(AT)
                .key(RawJson.of("{\"id\":17}"))
                .data(RawJson.of("{\"id\":17,\"total\": 9.50}"))
                .old(RawJson.of("{\"total\": 1}"))
                .tx("7482")
                .last(true);
    }

    @Test
    void shouldBeTheItemOfTheProtocol() {
        assertEquals(
                "{\"id\":12345,\"at\":\"2026-11-24T05:06:07.123456Z\",\"topic\":\"public.orders\",\"type\":\"update\","
                        + "\"key\":{\"id\":17},\"data\":{\"id\":17,\"total\": 9.50},\"old\":{\"total\": 1},"
                        + "\"tx\":\"7482\",\"last\":true}",
                whole().build().item().toString());
    }

    @Test
    void shouldSayThatAllIsLeftOutWithoutTellingWhatThereWas() {
        Event event = Event.builder(7, "t", "x").omitted(true).build();
        assertEquals(
                "{\"id\":7,\"at\":\"1970-01-01T00:00:00.000000Z\",\"topic\":\"t\",\"type\":\"x\",\"last\":false,"
                        + "\"omitted\":[\"key\",\"data\",\"old\"],\"bytes\":0}",
                event.item().toString());
        assertNotEquals(event, Event.builder(7, "t", "x").build());
    }

    @Test
    void shouldLeaveOutWhatIsAbsent() {
        Event event = Event.builder(0, "t", "x").build();
        assertEquals(
                "{\"id\":0,\"at\":\"1970-01-01T00:00:00.000000Z\",\"topic\":\"t\",\"type\":\"x\",\"last\":false}",
                event.item().toString());
        assertEquals(Optional.empty(), event.key());
        assertEquals(Optional.empty(), event.data());
        assertEquals(Optional.empty(), event.old());
        assertEquals(Optional.empty(), event.tx());
        assertTrue(
                Event.builder(0, "t", "x").left(true).build().item().toString().endsWith(",\"left\":true}"));
    }

    @Test
    void shouldGiveBackWhatItWasBuiltWith() {
        Event event = whole().build();
        assertEquals(12345, event.id());
        assertEquals(Instant.parse("2026-11-24T05:06:07.123456Z"), event.at());
        assertEquals("public.orders", event.topic());
        assertEquals("update", event.type());
        assertEquals(Optional.of(RawJson.of("{\"id\":17}")), event.key());
        assertEquals(Optional.of(RawJson.of("{\"id\":17,\"total\": 9.50}")), event.data());
        assertEquals(Optional.of(RawJson.of("{\"total\": 1}")), event.old());
        assertEquals(Optional.of("7482"), event.tx());
        assertTrue(event.last());
        assertTrue(event.size() > event.item().length());
    }

    @Test
    void shouldEscapeWhatJsonDemands() {
        StringBuilder nasty = new StringBuilder();
        for (char c = 0; c < 0x80; c++) {
            nasty.append(c);
        }
        nasty.append("\u0080\u00e9\u2028\u2029\ufeff\uffff\ud83d\ude00");
        Event event = Event.builder(1, nasty.toString(), nasty.reverse().toString())
                .tx(nasty.toString())
                .data(RawJson.of("{\"after\":\"\u00e9\ud83d\ude00\"}"))
                .build();
        JsonObject item = event.item().parse().asJsonObject();
        assertEquals(event.topic(), item.getString("topic"));
        assertEquals(event.type(), item.getString("type"));
        assertEquals(event.tx().orElseThrow(), item.getString("tx"));
        // the slice starts after bytes, not chars
        assertEquals(
                "{\"after\":\"\u00e9\ud83d\ude00\"}", event.data().orElseThrow().toString());
        assertEquals("\"\\u0001\\\"\\\\/\"", topicOf("\u0001\"\\/"));
    }

    @Test
    void shouldStayValidUtf8WhenASurrogateIsUnpaired() {
        assertEquals("\"a?b\"", topicOf("a\ud83db"));
    }

    private static String topicOf(String topic) {
        String item = Event.builder(1, topic, "x").build().item().toString();
        String rest = item.substring(item.indexOf("\"topic\":") + 8);
        return rest.substring(0, rest.indexOf(",\"type\""));
    }

    @Test
    void shouldTakeIdsOfTheRangeOnly() {
        assertEquals(
                Position.MAX_ID,
                Event.builder(Position.MAX_ID, "t", "x").build().id());
        assertThrows(
                IllegalArgumentException.class,
                () -> Event.builder(-1, "t", "x").build());
        assertThrows(
                IllegalArgumentException.class,
                () -> Event.builder(Position.MAX_ID + 1, "t", "x").build());
    }

    @Test
    void shouldEqualWhatLooksTheSame() {
        assertEquals(whole().build(), whole().build());
        assertEquals(whole().build().hashCode(), whole().build().hashCode());
        assertEquals(whole().build(), whole().at(AT.minusNanos(789)).build());
        assertNotEquals(whole().build(), whole().last(false).build());
        assertNotEquals(whole().build(), whole().old(null).build());
    }

    @Test
    void shouldCarryBigMembersWhole() {
        String big = "{\"x\":\"" + "\u00e9".repeat(200_000) + "\"}";
        Event event = Event.builder(1, "t", "x")
                .key(RawJson.of("[1]"))
                .data(RawJson.of(big))
                .old(RawJson.of("[2]"))
                .build();
        assertEquals(RawJson.of("[1]"), event.key().orElseThrow());
        assertEquals(RawJson.of(big), event.data().orElseThrow());
        assertEquals(RawJson.of("[2]"), event.old().orElseThrow());
        assertEquals(event.item().length(), event.item().toString().getBytes(StandardCharsets.UTF_8).length);
    }
}
