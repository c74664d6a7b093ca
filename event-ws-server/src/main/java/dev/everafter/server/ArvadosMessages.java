package dev.everafter.server;

import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoField;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes v0's messages. One with an event is kept below {@value #MOST_BYTES} bytes, which is what the Python client takes:
 * what is larger loses properties, and says how many.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class ArvadosMessages {
    /** The Python client closes on a message above 1 MiB, and asks for the same again. */
    static final int MOST_BYTES = 1 << 20;

    /** Stands among the properties for as many as were left out. */
    static final String CUT = "everafter:cut";

    /** The attributes of an object that Arvados' own server sends. */
    static final Set<String> SHOWN =
            Set.of("is_trashed", "name", "owner_uuid", "portable_data_hash", "requesting_container_uuid", "state");

    static final String KEEP_ALIVE = "{}";

    private static final JsonProvider JSON = JsonProvider.provider();
    private static final JsonBuilderFactory BUILDERS = JSON.createBuilderFactory(Map.of());
    private static final List<String> ATTRIBUTES = List.of("old_attributes", "new_attributes");
    /** What else is in a message: ids, and columns of at most 255 characters. */
    private static final int ROOM = 64 << 10;

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder()
            .appendPattern("yyyy-MM-dd'T'HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .appendLiteral('Z')
            .toFormatter();

    private final Set<String> shown;

    /** An event's message but for what differs between connections. */
    record Encoded(String rest, boolean cut) {
        String with(long msgId) {
            return "{\"msgID\":" + msgId + rest;
        }
    }

    /** @param shown the attributes of an object that are sent */
    ArvadosMessages(Collection<String> shown) {
        this.shown = Set.copyOf(shown);
    }

    static JsonValue string(String text) {
        return JSON.createValue(text);
    }

    static String status(int status) {
        return "{\"status\":" + status + "}";
    }

    static String status(int status, String message) {
        return escaped(BUILDERS.createObjectBuilder()
                .add("status", status)
                .add("message", message)
                .build()
                .toString());
    }

    /** Empty for a row that can't be told as an event: it lacks its own name, its object's, or its time. */
    Optional<Encoded> encode(ArvadosRow row) {
        Optional<String> uuid = row.text("uuid");
        Optional<String> object = row.text("object_uuid");
        Optional<String> at = row.text("event_at").flatMap(ArvadosMessages::time);
        if (uuid.isEmpty() || object.isEmpty() || at.isEmpty()) {
            return Optional.empty();
        }
        JsonObject all = shown(row.properties().map());
        JsonObject fitting = fitting(all);
        String rest = BUILDERS.createObjectBuilder()
                .add("id", row.id())
                .add("uuid", uuid.get())
                .add("object_uuid", object.get())
                .add("object_owner_uuid", row.text("object_owner_uuid").orElse(""))
                .add("object_kind", row.objectKind())
                .add("event_type", row.text("event_type").orElse(""))
                .add("event_at", at.get())
                .add("properties", fitting)
                .build()
                .toString();
        return Optional.of(new Encoded("," + escaped(rest).substring(1), fitting != all));
    }

    private JsonObject shown(JsonObject properties) {
        if (properties.getOrDefault("text", JsonValue.NULL) != JsonValue.NULL) {
            return properties;
        }
        JsonObjectBuilder both = BUILDERS.createObjectBuilder();
        for (String name : ATTRIBUTES) {
            if (properties.get(name) instanceof JsonObject attributes) {
                JsonObjectBuilder few = BUILDERS.createObjectBuilder();
                attributes.forEach((attribute, value) -> {
                    if (shown.contains(attribute)) {
                        few.add(attribute, value);
                    }
                });
                both.add(name, few);
            }
        }
        return both.build();
    }

    /** The same, or as many members of it as there is room for. */
    private static JsonObject fitting(JsonObject properties) {
        int room = MOST_BYTES - ROOM;
        if (bytes(properties) <= room) {
            return properties;
        }
        JsonObjectBuilder some = BUILDERS.createObjectBuilder();
        int left = 0;
        for (Map.Entry<String, JsonValue> member : properties.entrySet()) {
            // With what stands between them.
            int size = bytes(string(member.getKey())) + bytes(member.getValue()) + 2;
            if (size <= room) {
                room -= size;
                some.add(member.getKey(), member.getValue());
            } else {
                left++;
            }
        }
        return some.add(CUT, left).build();
    }

    private static int bytes(JsonValue value) {
        return escaped(value.toString()).getBytes(StandardCharsets.UTF_8).length;
    }

    /** A column's time, which is UTC where it names no zone; in the form in which v0 writes it. */
    static Optional<String> time(String column) {
        String text = column.replace(' ', 'T');
        try {
            return Optional.of(TIME.format(LocalDateTime.parse(text)));
        } catch (DateTimeParseException e) {
            return zoned(text);
        }
    }

    private static Optional<String> zoned(String text) {
        try {
            return Optional.of(TIME.format(OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC)));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** Half of a surrogate pair, which a log may hold as an escape, has no form in UTF-8 but that escape. */
    private static String escaped(String json) {
        int at = halfPair(json, 0);
        if (at < 0) {
            return json;
        }
        StringBuilder escaped = new StringBuilder(json.length() + 16);
        int from = 0;
        for (; at >= 0; at = halfPair(json, from)) {
            escaped.append(json, from, at).append(String.format("\\u%04x", (int) json.charAt(at)));
            from = at + 1;
        }
        return escaped.append(json, from, json.length()).toString();
    }

    private static int halfPair(String text, int from) {
        for (int i = from; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                boolean pair = Character.isHighSurrogate(text.charAt(i))
                        && i + 1 < text.length()
                        && Character.isLowSurrogate(text.charAt(i + 1));
                if (!pair) {
                    return i;
                }
                i++;
            }
        }
        return -1;
    }
}
