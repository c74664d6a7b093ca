package dev.everafter.server;

import dev.everafter.core.Event;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.LinkedHashMap;
import java.util.Map;

/** A row of Arvados' {@code logs}, as the event of an adopted table has it. Not safe for use by several threads. */
public final class LogsRow {
    public static final String TOPIC = "public.logs";
    public static final String OWNER = "zzzzz-tpzed-000000000000001";

    private static final JsonProvider JSON = JsonProvider.provider();

    private final Map<String, JsonValue> columns = new LinkedHashMap<>();

    private LogsRow() {}

    /** Something happened to the object {@code objectUuid}. */
    public static LogsRow of(String eventType, String objectUuid) {
        return new LogsRow()
                .with("uuid", "zzzzz-57u5n-000000000000001")
                .with("owner_uuid", OWNER)
                .withNull("modified_by_client_uuid")
                .with("modified_by_user_uuid", OWNER)
                .with("object_uuid", objectUuid)
                .with("event_at", "2026-11-23T15:07:53.456643")
                .with("event_type", eventType)
                .withNull("summary")
                .with("properties", "{\"old_attributes\":{\"name\":\"a\"},\"new_attributes\":{\"name\":\"b\"}}")
                .with("created_at", "2026-11-23T15:07:53.5")
                .with("updated_at", "2026-11-23T15:07:53.5")
                .withNull("modified_at")
                .with("object_owner_uuid", OWNER);
    }

    /** The collection with this number was updated. */
    public static LogsRow update(int collection) {
        return of("update", collection(collection));
    }

    public static String collection(int number) {
        return String.format("zzzzz-4zz18-%015d", number);
    }

    public LogsRow with(String column, String text) {
        columns.put(column, JSON.createValue(text));
        return this;
    }

    public LogsRow withNull(String column) {
        columns.put(column, JsonValue.NULL);
        return this;
    }

    /** The row's event, with this id. */
    public Event event(long id) {
        return Event.builder(id, TOPIC, "insert").key(key(id)).data(data(id)).build();
    }

    /** The row's insertion, which will get this id. */
    public Change change(long id) {
        return Change.insert(TOPIC, key(id), data(id));
    }

    private static RawJson key(long id) {
        return RawJson.of("{\"id\":" + id + "}");
    }

    private RawJson data(long id) {
        JsonObjectBuilder row = JSON.createObjectBuilder().add("id", id);
        columns.forEach(row::add);
        return RawJson.of(row.build());
    }
}
