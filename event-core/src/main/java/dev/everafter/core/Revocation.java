package dev.everafter.core;

import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Optional;

/**
 * "What this subject may see has changed." It is an event of the log under a topic of its own, so it has a place among the
 * others: whoever decides by what was so before it, decides nothing that comes after it. No subscriber gets it, whatever
 * they ask for.
 *
 * <p>Anybody who may write to the log can write one. All it makes servers do is to ask again what the subject may see.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param subject whose rights have changed; empty for everyone's
 */
public record Revocation(Optional<String> subject) {
    /** The topic that is no subscriber's. */
    public static final String TOPIC = "everafter.revoke";

    /** Of everyone. */
    public static final Revocation OF_EVERYONE = new Revocation(Optional.empty());

    /** Whether {@code subject} may be concerned. */
    public boolean concerns(String other) {
        return subject.isEmpty() || subject.get().equals(other);
    }

    static boolean is(Event event) {
        return event.topic().equals(TOPIC);
    }

    /** What {@code event} says; where that isn't clear, everyone's rights have changed. */
    static Revocation of(Event event) {
        try {
            JsonValue data = event.data().map(RawJson::parse).orElse(JsonValue.NULL);
            boolean named = data instanceof JsonObject object
                    && object.get("subject") instanceof JsonString text
                    && !text.getString().isEmpty();
            return named ? new Revocation(Optional.of(data.asJsonObject().getString("subject"))) : OF_EVERYONE;
        } catch (RuntimeException e) {
            // What can't be read may have named anybody.
            return OF_EVERYONE;
        }
    }

    /** The data of the event that says it. */
    RawJson toJson() {
        return RawJson.of("{\"subject\":"
                + subject.map(name -> FilterJson.string(name).toString()).orElse("null") + "}");
    }
}
