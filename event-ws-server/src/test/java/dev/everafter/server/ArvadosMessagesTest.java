package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArvadosMessagesTest {
    private final ArvadosCounters counters = new ArvadosCounters();
    private final ArvadosRows rows =
            new ArvadosRows(new ArvadosKinds(ArvadosKinds.KNOWN), new ArvadosMessages(ArvadosMessages.SHOWN), counters);

    private String message(LogsRow row) {
        return rows.sendable(row.event(12_345)).orElseThrow().message().with(7);
    }

    private JsonObject properties(String column) {
        return RawJson.of(message(LogsRow.update(1).with("properties", column)))
                .parse()
                .asJsonObject()
                .getJsonObject("properties");
    }

    private static JsonValue json(String text) {
        return RawJson.of(text).parse();
    }

    @Test
    void shouldWriteAnEventAsTheSpecificationHasIt() {
        JsonValue expected = json("""
                {"msgID":7,"id":12345,"uuid":"zzzzz-57u5n-000000000000001","object_uuid":"zzzzz-4zz18-000000000000001",
                 "object_owner_uuid":"zzzzz-tpzed-000000000000001","object_kind":"arvados#collection",
                 "event_type":"update","event_at":"2026-11-23T15:07:53.456643Z",
                 "properties":{"old_attributes":{"name":"a"},"new_attributes":{"name":"b"}}}""");
        assertEquals(expected, json(message(LogsRow.update(1))));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-23T15:07:53.456643,2026-11-23T15:07:53.456643Z",
        "2026-11-23T15:07:53.400000,2026-11-23T15:07:53.4Z",
        "2026-11-23T15:07:53.000000,2026-11-23T15:07:53Z",
        "2026-11-23T15:07:00,2026-11-23T15:07:00Z",
        "2026-11-23 15:07:53.4,2026-11-23T15:07:53.4Z",
        "2026-11-23T15:07:53.4+02:00,2026-11-23T13:07:53.4Z",
    })
    void shouldWriteTimesInUtcWithoutZerosAtTheEnd(String column, String written) {
        assertEquals(
                written,
                json(message(LogsRow.update(1).with("event_at", column)))
                        .asJsonObject()
                        .getString("event_at"));
    }

    @Test
    void shouldWriteNullsAsEmptyTexts() {
        JsonObject event = json(message(LogsRow.update(1)
                        .withNull("event_type")
                        .withNull("object_owner_uuid")
                        .withNull("properties")))
                .asJsonObject();
        assertEquals("", event.getString("event_type"));
        assertEquals("", event.getString("object_owner_uuid"));
        assertEquals(JsonValue.EMPTY_JSON_OBJECT, event.getJsonObject("properties"));
        assertEquals(0, counters.unreadable.sum());
    }

    @Test
    void shouldShowTheAllowedAttributesOnly() {
        assertEquals(
                json(
                        "{\"old_attributes\":{\"state\":\"Queued\"},\"new_attributes\":{\"is_trashed\":false,\"name\":null,"
                                + "\"owner_uuid\":\"o\",\"portable_data_hash\":\"h\",\"requesting_container_uuid\":\"r\"}}"),
                properties("{\"secret\":1,\"old_attributes\":{\"state\":\"Queued\",\"manifest_text\":\"s\"},"
                        + "\"new_attributes\":{\"is_trashed\":false,\"name\":null,\"owner_uuid\":\"o\","
                        + "\"portable_data_hash\":\"h\",\"requesting_container_uuid\":\"r\",\"secret_mounts\":{}}}"));
    }

    @Test
    void shouldShowAllOfWhatHasAText() {
        String all = "{\"text\":\"out\",\"more\":{\"x\":[1]},\"new_attributes\":3}";
        assertEquals(json(all), properties(all));
    }

    @Test
    void shouldTakeATextOfNullForNone() {
        assertEquals(JsonValue.EMPTY_JSON_OBJECT, properties("{\"text\":null,\"more\":1}"));
    }

    @Test
    void shouldLeaveOutAttributesThatAreNoObject() {
        assertEquals(
                json("{\"new_attributes\":{\"name\":\"b\"}}"),
                properties("{\"old_attributes\":null,\"new_attributes\":{\"name\":\"b\"}}"));
        assertEquals(JsonValue.EMPTY_JSON_OBJECT, properties("{\"old_attributes\":\"x\",\"new_attributes\":[1]}"));
    }

    @Test
    void shouldReadYaml() {
        assertEquals(
                json("{\"old_attributes\":{\"name\":\"a\"},\"new_attributes\":{\"name\":\"b\"}}"),
                properties("---\nold_attributes:\n  name: a\n  x: 1\nnew_attributes:\n  name: b\n"));
        assertEquals(0, counters.unreadable.sum());
    }

    @Test
    void shouldSendNoPropertiesWhereTheyCanNotBeRead() {
        assertEquals(JsonValue.EMPTY_JSON_OBJECT, properties("a: ["));
        assertEquals(JsonValue.EMPTY_JSON_OBJECT, properties("[1]"));
        assertEquals(2, counters.unreadable.sum());
    }

    @Test
    void shouldKeepSurrogatePairs() {
        String smile = new String(Character.toChars(0x1f600));
        assertEquals(smile, properties("{\"text\":\"\\ud83d\\ude00\"}").getString("text"));
        assertTrue(message(LogsRow.update(1).with("properties", "{\"text\":\"\\ud83d\\ude00\"}"))
                .contains(smile));
    }

    @Test
    void shouldWriteHalfOfAPairAsItsEscape() {
        String sent = message(LogsRow.update(1).with("properties", "{\"text\":\"a\\ud83db\\ude00\"}"));
        assertTrue(sent.contains("a\\ud83db\\ude00"), sent);
        assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(sent));
    }

    @Test
    void shouldStayBelowTheSizeThatThePythonClientTakes() {
        for (String text : List.of("x".repeat(1 << 20), "é".repeat(600_000), "\\u0001".repeat(200_000))) {
            String sent = message(LogsRow.update(1).with("properties", "{\"a\":1,\"text\":\"" + text + "\",\"b\":2}"));
            assertTrue(sent.getBytes(StandardCharsets.UTF_8).length <= ArvadosMessages.MOST_BYTES);
            assertEquals(
                    json("{\"a\":1,\"b\":2,\"everafter:cut\":1}"),
                    json(sent).asJsonObject().getJsonObject("properties"));
        }
        assertEquals(3, counters.cut.sum());
    }

    @Test
    void shouldStayBelowThatSizeWithManySmallProperties() {
        StringBuilder many = new StringBuilder("{\"text\":\"\"");
        for (int i = 0; i < 200_000; i++) {
            many.append(",\"").append(i).append("\":1");
        }
        String sent =
                message(LogsRow.update(1).with("properties", many.append("}").toString()));
        assertTrue(sent.getBytes(StandardCharsets.UTF_8).length <= ArvadosMessages.MOST_BYTES);
        assertTrue(sent.contains(ArvadosMessages.CUT));
    }

    @Test
    void shouldSendWhatJustFitsWhole() {
        String text = "x".repeat(900_000);
        assertEquals(text, properties("{\"text\":\"" + text + "\"}").getString("text"));
        assertEquals(0, counters.cut.sum());
    }

    @ParameterizedTest
    @ValueSource(strings = {"uuid", "object_uuid", "event_at"})
    void shouldNotSendARowThatLacks(String column) {
        assertFalse(rows.sendable(LogsRow.update(1).withNull(column).event(1)).isPresent());
        assertEquals(1, counters.odd.sum());
    }

    @Test
    void shouldNotSendARowOfWhichNobodyCanBeAsked() {
        for (LogsRow odd : List.of(
                LogsRow.of("update", "what?"),
                LogsRow.of("update", "zzzzz-aaaaa-000000000000001"),
                LogsRow.of("delete", LogsRow.collection(1)).withNull("object_owner_uuid"),
                LogsRow.of("delete", LogsRow.collection(1)).with("object_owner_uuid", "x"))) {
            assertFalse(rows.sendable(odd.event(1)).isPresent());
        }
        assertEquals(4, counters.odd.sum());
    }

    @Test
    void shouldBeDecidedByTheOwnerOfWhatIsGone() {
        Event gone = LogsRow.of("delete", LogsRow.collection(1)).event(1);
        assertEquals("users/" + LogsRow.OWNER, rows.sendable(gone).orElseThrow().decidedBy());
        assertEquals(
                "collections/" + LogsRow.collection(1),
                rows.sendable(LogsRow.update(1).event(2)).orElseThrow().decidedBy());
    }

    @Test
    void shouldReadAndWriteEachEventOnce() {
        Event event = LogsRow.update(1).event(1);
        assertSame(rows.sendable(event).orElseThrow(), rows.sendable(event).orElseThrow());
        Event other = LogsRow.update(2).event(1);
        assertEquals(
                Optional.of("collections/" + LogsRow.collection(2)),
                rows.sendable(other).map(ArvadosRows.Sendable::decidedBy));
    }

    @Test
    void shouldNotTakeAnotherEventForARow() {
        assertTrue(rows.row(Event.builder(1, LogsRow.TOPIC, "truncate").build()).isEmpty());
        assertTrue(rows.row(Event.builder(1, LogsRow.TOPIC, "insert")
                        .data(RawJson.of("[1]"))
                        .build())
                .isEmpty());
    }

    @Test
    void shouldNumberMessages() {
        String first = rows.sendable(LogsRow.update(1).event(1))
                .orElseThrow()
                .message()
                .with(1);
        assertTrue(first.startsWith("{\"msgID\":1,\"id\":1,"), first);
        assertEquals("{\"status\":200}", ArvadosMessages.status(200));
        assertEquals("{\"status\":400,\"message\":\"a \\\"b\\\"\"}", ArvadosMessages.status(400, "a \"b\""));
    }
}
