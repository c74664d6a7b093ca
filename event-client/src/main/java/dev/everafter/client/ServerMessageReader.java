package dev.everafter.client;

import dev.everafter.client.ServerMessages.Events;
import dev.everafter.client.ServerMessages.Item;
import dev.everafter.core.Event;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonReaderFactory;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads one server message of protocol v1. Unknown types and members are passed over; a known one of the wrong form is
 * refused whole.
 *
 * <p>Safe for use by any thread.
 */
final class ServerMessageReader {
    // A static Json.createReader() looks its provider up on every call.
    // Parsson by itself refuses numbers of more than 1,100 digits, which a database may hold (see RawJson).
    private static final JsonReaderFactory READERS =
            JsonProvider.provider().createReaderFactory(Map.of("org.eclipse.parsson.maxBigDecimalLength", 10_000));
    /** Nobody means a longer heartbeat or slot, and one near the largest long can't be computed with. */
    private static final long MOST_MS = Duration.ofDays(1).toMillis();

    private ServerMessageReader() {}

    /**
     * Reads {@code text} and hands it on, once it has been understood.
     *
     * @throws MalformedMessageException if {@code text} is no such message; {@code to} was not called then
     */
    static void read(String text, ServerMessages to) {
        Runnable call;
        try (JsonReader reader = READERS.createReader(new StringReader(text))) {
            call = message(reader.readObject(), to);
        } catch (RuntimeException e) {
            // Of any kind: Parsson tells by bare RuntimeExceptions that its limits are passed.
            throw new MalformedMessageException("malformed message from the server: " + e.getMessage(), e);
        }
        call.run();
    }

    private static Runnable message(JsonObject json, ServerMessages to) {
        return switch (string(json, "type")) {
            case "welcome" -> welcome(json, to);
            case "goodbye" -> goodbye(json, to);
            case "error" -> error(json, to);
            case "subscribed" -> subscribed(json, to);
            case "events" -> events(json, to);
            case "position" -> position(json, to);
            case "caughtUp" -> caughtUp(json, to);
            case "fellBehind" -> fellBehind(json, to);
            case "queued" -> queued(json, to);
            case "gap" -> gap(json, to);
            case "pong" -> to::pong;
            case "unsubscribed" -> unsubscribed(json, to);
            default -> () -> {};
        };
    }

    private static Runnable welcome(JsonObject json, ServerMessages to) {
        long heartbeatMs = number(json, "heartbeatMs");
        if (heartbeatMs < 1) {
            throw new IllegalArgumentException("heartbeatMs is " + heartbeatMs);
        }
        return () -> to.welcome(Duration.ofMillis(Math.min(MOST_MS, heartbeatMs)));
    }

    private static Runnable goodbye(JsonObject json, ServerMessages to) {
        Optional<Duration> slot = json.containsKey("reconnectAfterMs")
                ? Optional.of(Duration.ofMillis(Math.min(MOST_MS, Math.max(0, number(json, "reconnectAfterMs")))))
                : Optional.empty();
        return () -> to.goodbye(json.getString("reason", ""), slot);
    }

    private static Runnable error(JsonObject json, ServerMessages to) {
        Optional<String> sub = Optional.ofNullable(json.getString("sub", null));
        String code = json.getString("code", "");
        String message = json.getString("message", "");
        return () -> to.error(sub, code, message, json.getBoolean("retry", false));
    }

    private static Runnable subscribed(JsonObject json, ServerMessages to) {
        String sub = string(json, "sub");
        long ref = number(json, "ref");
        Position start = new Position(string(json, "epoch"), id(json, "after"));
        return () -> to.subscribed(sub, ref, start);
    }

    private static Runnable events(JsonObject json, ServerMessages to) {
        long ref = number(json, "ref");
        Events events = new Events(id(json, "after"), id(json, "to"), items(array(json, "items")));
        return () -> to.events(ref, events);
    }

    private static Runnable position(JsonObject json, ServerMessages to) {
        // means nothing where there are no refs
        long after = json.containsKey("after") ? id(json, "after") : 0;
        long position = id(json, "to");
        List<Long> refs = array(json, "refs").stream()
                .map(value -> integer("refs", value))
                .toList();
        return () -> to.position(after, position, refs);
    }

    private static Runnable caughtUp(JsonObject json, ServerMessages to) {
        String sub = string(json, "sub");
        return () -> to.caughtUp(sub);
    }

    private static Runnable fellBehind(JsonObject json, ServerMessages to) {
        String sub = string(json, "sub");
        return () -> to.fellBehind(sub);
    }

    private static Runnable queued(JsonObject json, ServerMessages to) {
        String sub = string(json, "sub");
        long ahead = id(json, "ahead");
        return () -> to.queued(sub, ahead);
    }

    private static Runnable gap(JsonObject json, ServerMessages to) {
        String sub = string(json, "sub");
        Gap gap = gap(json);
        return () -> to.gap(sub, gap);
    }

    private static Runnable unsubscribed(JsonObject json, ServerMessages to) {
        String sub = string(json, "sub");
        return () -> to.unsubscribed(sub, json.getString("reason", ""));
    }

    private static Gap gap(JsonObject json) {
        String reason = string(json, "reason");
        JsonObject resume = object(json, "resume");
        return new Gap(
                switch (reason) {
                    case "retention" -> Gap.Reason.RETENTION;
                    case "rewound" -> Gap.Reason.REWOUND;
                    default -> throw new IllegalArgumentException("gap with unknown reason \"" + reason + '"');
                },
                id(json, "after"),
                id(json, "to"),
                new Position(string(resume, "epoch"), id(resume, "id")));
    }

    private static List<Item> items(JsonArray json) {
        List<Item> items = new ArrayList<>(json.size());
        for (JsonValue value : json) {
            if (value.getValueType() != JsonValue.ValueType.OBJECT) {
                throw new IllegalArgumentException("items holds something that is no object");
            }
            items.add(item(value.asJsonObject()));
        }
        return items;
    }

    private static Item item(JsonObject json) {
        Event event = Event.builder(id(json, "id"), string(json, "topic"), string(json, "type"))
                .at(Instant.parse(string(json, "at")))
                .key(raw(json, "key"))
                .data(raw(json, "data"))
                .old(raw(json, "old"))
                .tx(json.getString("tx", null))
                .last(json.getBoolean("last", false))
                .left(json.getBoolean("left", false))
                .build();
        if (!json.containsKey("omitted")) {
            return new Item(event, List.of(), 0);
        }
        List<String> omitted = array(json, "omitted").stream()
                .map(value -> text("omitted", value))
                .toList();
        return new Item(event, omitted, number(json, "bytes"));
    }

    private static @Nullable RawJson raw(JsonObject json, String name) {
        JsonValue value = json.get(name);
        return value == null ? null : RawJson.of(value);
    }

    private static long id(JsonObject json, String name) {
        long id = number(json, name);
        if (id < 0 || id > Position.MAX_ID) {
            throw new IllegalArgumentException(name + " is " + id + ", not in 0.." + Position.MAX_ID);
        }
        return id;
    }

    private static long number(JsonObject json, String name) {
        return integer(name, member(json, name));
    }

    private static long integer(String name, JsonValue value) {
        if (value.getValueType() != JsonValue.ValueType.NUMBER) {
            throw new IllegalArgumentException(name + " is no number");
        }
        return ((JsonNumber) value).longValueExact();
    }

    private static String string(JsonObject json, String name) {
        return text(name, member(json, name));
    }

    private static String text(String name, JsonValue value) {
        if (value.getValueType() != JsonValue.ValueType.STRING) {
            throw new IllegalArgumentException(name + " is no string");
        }
        return ((JsonString) value).getString();
    }

    private static JsonArray array(JsonObject json, String name) {
        JsonValue value = member(json, name);
        if (value.getValueType() != JsonValue.ValueType.ARRAY) {
            throw new IllegalArgumentException(name + " is no array");
        }
        return value.asJsonArray();
    }

    private static JsonObject object(JsonObject json, String name) {
        JsonValue value = member(json, name);
        if (value.getValueType() != JsonValue.ValueType.OBJECT) {
            throw new IllegalArgumentException(name + " is no object");
        }
        return value.asJsonObject();
    }

    private static JsonValue member(JsonObject json, String name) {
        JsonValue value = json.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no member " + name);
        }
        return value;
    }
}
