package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterException;
import dev.everafter.core.FilterJson;
import dev.everafter.core.Position;
import dev.everafter.core.StartFrom;
import dev.everafter.server.spi.BearerToken;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.JsonValue.ValueType;
import jakarta.json.spi.JsonProvider;
import jakarta.json.stream.JsonParser;
import jakarta.json.stream.JsonParserFactory;
import java.io.StringReader;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Reads what clients say. Every text becomes a message: what can't be understood becomes {@link ClientMessage.Invalid},
 * with a message that names the member and what was expected. Members that the protocol doesn't have are ignored.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class MessageParser {
    static final int MIN_MAX_MESSAGE = 1024;
    private static final int MAX_NAME = 200;
    private static final int MAX_QUOTE = 80;
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final JsonParserFactory PARSERS = JSON.createParserFactory(Map.of());
    private static final JsonValue NOW = JSON.createValue("now");

    private final EndpointOptions options;

    MessageParser(EndpointOptions options) {
        this.options = options;
    }

    ClientMessage parse(String text) {
        JsonValue json;
        try {
            json = read(text);
        } catch (JsonException e) {
            // Not quoted: it may be a token.
            return invalid("not JSON, or nested too deep (" + text.length() + " characters)");
        }
        if (json.getValueType() != ValueType.OBJECT) {
            return invalid("expected a JSON object, found "
                    + json.getValueType().name().toLowerCase(Locale.ROOT));
        }
        JsonObject message = json.asJsonObject();
        Optional<String> sub = Optional.ofNullable(message.get("sub"))
                .filter(value -> value.getValueType() == ValueType.STRING)
                .map(value -> ((JsonString) value).getString())
                .filter(name -> name.length() <= MAX_NAME);
        try {
            return message(string(message, "type"), message);
        } catch (Refused e) {
            return new ClientMessage.Invalid(e.code, e.text, sub);
        }
    }

    private static JsonValue read(String text) {
        try (JsonParser parser = PARSERS.createParser(new StringReader(text))) {
            parser.next();
            JsonValue value = parser.getValue();
            if (parser.hasNext()) {
                throw new JsonException("more than one value");
            }
            return value;
        } catch (JsonException e) {
            throw e;
        } catch (RuntimeException e) {
            // Nothing at all, or one of Parsson's limits (depth, digits, exponent), of which it tells in any way.
            throw new JsonException(e.toString(), e);
        }
    }

    private ClientMessage message(String type, JsonObject message) throws Refused {
        return switch (type) {
            case "subscribe" -> subscribe(message);
            case "unsubscribe" -> new ClientMessage.Unsubscribe(sub(message));
            case "ack" -> new ClientMessage.Ack(sub(message), number(message, "at", 0, Position.MAX_ID));
            case "auth" -> new ClientMessage.Auth(token(message));
            case "ping" -> new ClientMessage.Ping(nonce(message));
            default -> throw new Refused(ErrorCode.UNKNOWN_TYPE, "unknown type \"" + quote(type) + "\"");
        };
    }

    private ClientMessage subscribe(JsonObject message) throws Refused {
        return new ClientMessage.Subscribe(
                sub(message),
                where(message),
                from(message),
                stopOnGap(message),
                (int) Math.min(options.batch(), numberOr(options.batch(), message, "batch", 1, Integer.MAX_VALUE)),
                (int) numberOr(Window.UNLIMITED, message, "window", 1, options.maxWindow()),
                (int) Math.min(
                        options.maxMessage(),
                        numberOr(options.maxMessage(), message, "maxMessage", MIN_MAX_MESSAGE, Integer.MAX_VALUE)),
                has(message, "render") ? Optional.of(string(message, "render")) : Optional.empty(),
                has(message, "late") && bool(message, "late"));
    }

    private static String sub(JsonObject message) throws Refused {
        String name = string(message, "sub");
        if (name.isEmpty() || name.length() > MAX_NAME) {
            throw bad("\"sub\" must have 1 to " + MAX_NAME + " characters, has " + name.length());
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw bad("\"sub\" has an unpaired surrogate, which no answer could repeat");
        }
        return name;
    }

    private Filter where(JsonObject message) throws Refused {
        Optional<JsonValue> where = member(message, "where");
        try {
            return where.isPresent() ? FilterJson.parse(where.get(), options.filters()) : Filter.all();
        } catch (FilterException e) {
            throw new Refused(ErrorCode.FILTER_INVALID, String.valueOf(e.getMessage()));
        }
    }

    private static StartFrom from(JsonObject message) throws Refused {
        JsonValue from = member(message, "from").orElse(NOW);
        if (from instanceof JsonString word && word.getString().equals("now")) {
            return StartFrom.now();
        }
        if (from instanceof JsonString word && word.getString().equals("start")) {
            return StartFrom.beginning();
        }
        if (from.getValueType() == ValueType.OBJECT) {
            JsonObject place = from.asJsonObject();
            if (has(place, "after")) {
                long id = number(place, "after", 0, Position.MAX_ID);
                return has(place, "epoch") ? after(string(place, "epoch"), id) : new StartFrom.AfterId(id);
            }
            if (has(place, "time")) {
                return StartFrom.time(time(string(place, "time")));
            }
        }
        throw bad("\"from\" must be \"now\", \"start\", {\"after\": id, \"epoch\": \"..\"} or {\"time\": \"..\"}: "
                + quote(from.toString()));
    }

    private static StartFrom after(String epoch, long id) throws Refused {
        if (epoch.isEmpty() || epoch.indexOf('\0') >= 0) {
            throw bad("\"epoch\" is empty or has a NUL: leave it out, or name the epoch of the position");
        }
        return StartFrom.after(new Position(epoch, id));
    }

    private static Instant time(String text) throws Refused {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw bad("\"time\" must be an RFC 3339 time such as 2026-11-24T00:00:00Z: " + quote(text));
        }
    }

    private static boolean stopOnGap(JsonObject message) throws Refused {
        if (!has(message, "onGap")) {
            return true;
        }
        String word = string(message, "onGap");
        return switch (word) {
            case "stop" -> true;
            case "continue" -> false;
            default -> throw bad("\"onGap\" must be \"stop\" or \"continue\": " + quote(word));
        };
    }

    private static BearerToken token(JsonObject message) throws Refused {
        return BearerToken.parse(string(message, "token"))
                .orElseThrow(() -> bad("\"token\" must have 1 to " + BearerToken.MAX_LENGTH
                        + " characters, all of them visible ASCII"));
    }

    private static Optional<JsonValue> nonce(JsonObject message) throws Refused {
        Optional<JsonValue> nonce = member(message, "nonce");
        if (nonce.filter(value -> !isShortScalar(value)).isPresent()) {
            throw bad("\"nonce\" must be a string or number of at most " + MAX_NAME + " characters");
        }
        return nonce;
    }

    private static boolean isShortScalar(JsonValue value) {
        boolean scalar = value.getValueType() == ValueType.STRING || value.getValueType() == ValueType.NUMBER;
        return scalar && value.toString().length() <= MAX_NAME;
    }

    private static boolean has(JsonObject message, String name) {
        return member(message, name).isPresent();
    }

    /** A null is the same as no member. */
    private static Optional<JsonValue> member(JsonObject message, String name) {
        return Optional.ofNullable(message.get(name)).filter(value -> value.getValueType() != ValueType.NULL);
    }

    private static String string(JsonObject message, String name) throws Refused {
        if (message.get(name) instanceof JsonString text) {
            return text.getString();
        }
        throw bad("\"" + name + "\" must be a string");
    }

    private static boolean bool(JsonObject message, String name) throws Refused {
        JsonValue value = message.get(name);
        if (value == JsonValue.TRUE || value == JsonValue.FALSE) {
            return value == JsonValue.TRUE;
        }
        throw bad("\"" + name + "\" must be true or false");
    }

    private static long numberOr(long otherwise, JsonObject message, String name, long least, long most)
            throws Refused {
        return has(message, name) ? number(message, name, least, most) : otherwise;
    }

    private static long number(JsonObject message, String name, long least, long most) throws Refused {
        // The size is looked at first: 1e999999999 is short to write and long to compute.
        if (message.get(name) instanceof JsonNumber number
                && Math.abs((long) number.bigDecimalValue().scale()) <= 32
                && number.isIntegral()) {
            BigInteger value = number.bigIntegerValue();
            if (value.bitLength() < Long.SIZE && value.longValue() >= least && value.longValue() <= most) {
                return value.longValue();
            }
        }
        throw bad("\"" + name + "\" must be an integer in " + least + ".." + most);
    }

    private static ClientMessage.Invalid invalid(String message) {
        return new ClientMessage.Invalid(ErrorCode.BAD_MESSAGE, message, Optional.empty());
    }

    private static Refused bad(String message) {
        return new Refused(ErrorCode.BAD_MESSAGE, message);
    }

    private static String quote(String text) {
        return text.length() <= MAX_QUOTE ? text : text.substring(0, MAX_QUOTE) + "...";
    }

    /** Leads from the member that is wrong to the answer. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        private final ErrorCode code;
        private final String text;

        private Refused(ErrorCode code, String text) {
            super(text, null, false, false);
            this.code = code;
            this.text = text;
        }
    }
}
