package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterException;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.util.OptionalLong;

/** What a v0 client asks for. */
sealed interface ArvadosCommand {
    /** @param after the last id that it has; empty for from now on */
    record Subscribe(Filter filter, OptionalLong after) implements ArvadosCommand {}

    /** Drops one subscription with an equal filter. */
    record Unsubscribe(Filter filter) implements ArvadosCommand {}

    /** @param why for people */
    record Unusable(String why) implements ArvadosCommand {}

    /** Reads a message; whatever isn't understood is {@link Unusable}. */
    static ArvadosCommand parse(String text, ArvadosFilters filters) {
        try {
            if (!(RawJson.of(text).parse() instanceof JsonObject message)) {
                return new Unusable("expected a JSON object");
            }
            if (!(message.get("method") instanceof JsonString method)) {
                return new Unusable("expected a method");
            }
            Filter filter = filters.parse(message.getOrDefault("filters", JsonValue.NULL));
            return switch (method.getString()) {
                case "subscribe" -> new Subscribe(filter, after(message.getOrDefault("last_log_id", JsonValue.NULL)));
                case "unsubscribe" -> new Unsubscribe(filter);
                default -> new Unusable("unknown method: expected subscribe or unsubscribe");
            };
        } catch (JsonException e) {
            return new Unusable("not JSON");
        } catch (FilterException e) {
            return new Unusable(String.valueOf(e.getMessage()));
        }
    }

    private static OptionalLong after(JsonValue json) {
        if (json == JsonValue.NULL) {
            return OptionalLong.empty();
        }
        try {
            if (json instanceof JsonNumber number && number.bigDecimalValue().signum() >= 0) {
                // What lies beyond the head is the head.
                return OptionalLong.of(number.bigDecimalValue()
                        .min(BigDecimal.valueOf(Position.MAX_ID))
                        .longValueExact());
            }
        } catch (ArithmeticException e) {
            // A fraction is no id.
        }
        throw new FilterException("expected the id of an event as last_log_id");
    }
}
