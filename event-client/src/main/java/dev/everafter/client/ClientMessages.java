package dev.everafter.client;

import dev.everafter.core.Filter;
import dev.everafter.core.StartFrom;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.spi.JsonProvider;
import java.util.Locale;
import java.util.Map;

/** Writes this client's messages of protocol v1. Safe for use by any thread. */
final class ClientMessages {
    private static final JsonBuilderFactory JSON = JsonProvider.provider().createBuilderFactory(Map.of());

    /** Without a nonce: answers come on the connection that was asked, and any of them says enough. */
    static final String PING = message("ping").build().toString();

    private ClientMessages() {}

    static String subscribe(String sub, Subscription spec, StartFrom from, int maxMessageBytes) {
        JsonObjectBuilder json = message("subscribe").add("sub", sub);
        if (!spec.where().canonical().equals(Filter.all())) {
            json.add("where", spec.where().toJson());
        }
        from(json, from);
        return json.add("onGap", spec.onGap().name().toLowerCase(Locale.ROOT))
                .add("window", spec.window())
                .add("maxMessage", maxMessageBytes)
                .build()
                .toString();
    }

    static String ack(String sub, long at) {
        return message("ack").add("sub", sub).add("at", at).build().toString();
    }

    static String unsubscribe(String sub) {
        return message("unsubscribe").add("sub", sub).build().toString();
    }

    private static void from(JsonObjectBuilder json, StartFrom from) {
        if (from instanceof StartFrom.After after) {
            json.add(
                    "from",
                    JSON.createObjectBuilder()
                            .add("after", after.position().id())
                            .add("epoch", after.position().epoch()));
        } else if (from instanceof StartFrom.AfterId after) {
            json.add("from", JSON.createObjectBuilder().add("after", after.id()));
        } else if (from instanceof StartFrom.Time time) {
            json.add(
                    "from",
                    JSON.createObjectBuilder().add("time", time.instant().toString()));
        } else {
            json.add("from", from instanceof StartFrom.Beginning ? "start" : "now");
        }
    }

    private static JsonObjectBuilder message(String type) {
        return JSON.createObjectBuilder().add("type", type);
    }
}
