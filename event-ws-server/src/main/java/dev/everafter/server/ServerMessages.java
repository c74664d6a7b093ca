package dev.everafter.server;

import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The messages of protocol v1 that carry no events. Thread-safe. */
final class ServerMessages {
    static final String PROTOCOL = "everafter.v1";
    private static final int MAX_ERROR = 500;
    private static final JsonBuilderFactory JSON = JsonProvider.provider().createBuilderFactory(Map.of());

    private ServerMessages() {}

    static Outgoing welcome(EndpointOptions options, Position head, OptionalLong oldest) {
        JsonObjectBuilder message = message("welcome")
                .add("protocol", PROTOCOL)
                .add("server", server())
                .add("log", options.logName())
                .add("epoch", head.epoch())
                .add("head", head.id());
        oldest.ifPresent(id -> message.add("oldest", id));
        message.add("heartbeatMs", options.heartbeat().toMillis())
                .add(
                        "limits",
                        JSON.createObjectBuilder()
                                .add("subscriptions", options.subscriptions())
                                .add("incoming", options.maxIncoming())
                                .add("batch", options.batch())
                                .add("window", options.maxWindow())
                                .add("maxMessage", options.maxMessage()));
        return done(message);
    }

    private static String server() {
        String version = ServerMessages.class.getPackage().getImplementationVersion();
        return version == null ? "everafter" : "everafter/" + version;
    }

    static Outgoing subscribed(String sub, int ref, Position after, long head) {
        return done(message("subscribed")
                .add("sub", sub)
                .add("ref", ref)
                .add("after", after.id())
                .add("epoch", after.epoch())
                .add("head", head));
    }

    /** A sign of life, which names the hub's head. */
    static Outgoing heartbeat(long head) {
        return done(message("position").add("to", head).add("refs", JsonValue.EMPTY_JSON_ARRAY));
    }

    /** Those of {@code refs} were at {@code after}, and are at {@code to} without another event. */
    static Outgoing position(long after, long to, List<Integer> refs) {
        JsonArrayBuilder array = JSON.createArrayBuilder();
        refs.forEach(array::add);
        return done(message("position").add("after", after).add("to", to).add("refs", array));
    }

    static Outgoing caughtUp(String sub, long at) {
        return done(message("caughtUp").add("sub", sub).add("at", at));
    }

    static Outgoing fellBehind(String sub, long at) {
        return done(message("fellBehind").add("sub", sub).add("at", at));
    }

    static Outgoing queued(String sub, int ahead) {
        return done(message("queued").add("sub", sub).add("ahead", ahead));
    }

    static Outgoing gap(String sub, Gap gap) {
        return done(message("gap")
                .add("sub", sub)
                .add("reason", gap.reason().name().toLowerCase(Locale.ROOT))
                .add("after", gap.after())
                .add("to", gap.to())
                .add(
                        "resume",
                        JSON.createObjectBuilder()
                                .add("epoch", gap.resume().epoch())
                                .add("id", gap.resume().id())));
    }

    static Outgoing unsubscribed(String sub, long at, Unsubscribed reason) {
        return done(message("unsubscribed")
                .add("sub", sub)
                .add("at", at)
                .add("reason", reason.name().toLowerCase(Locale.ROOT)));
    }

    static Outgoing error(ErrorCode code, String text, Optional<String> sub) {
        String shortened = text.length() <= MAX_ERROR ? text : text.substring(0, MAX_ERROR) + "...";
        JsonObjectBuilder message = message("error").add("code", code.text()).add("message", shortened);
        sub.ifPresent(name -> message.add("sub", name));
        return done(message.add("retry", code.retry()));
    }

    static Outgoing pong(Optional<JsonValue> nonce) {
        JsonObjectBuilder message = message("pong");
        nonce.ifPresent(value -> message.add("nonce", value));
        return done(message);
    }

    static Outgoing goodbye(String reason, long reconnectAfterMs) {
        return done(message("goodbye").add("reason", reason).add("reconnectAfterMs", reconnectAfterMs));
    }

    /** The client's new token holds; each subscription was at its place of {@code at} by the old one. */
    static Outgoing authorized(Map<String, Long> at) {
        JsonObjectBuilder places = JSON.createObjectBuilder();
        at.forEach(places::add);
        return done(message("authorized").add("at", places));
    }

    private static JsonObjectBuilder message(String type) {
        return JSON.createObjectBuilder().add("type", type);
    }

    private static Outgoing done(JsonObjectBuilder message) {
        // Half a surrogate pair, said by a client or left by a cut, becomes "?": no encoder may fail at it.
        return Outgoing.of(message.build().toString());
    }

    /** Why a subscription ended. */
    enum Unsubscribed {
        /** The client asked for it. */
        REQUESTED,
        /** Events are missing, and the client wanted to stop there. */
        GAP,
        /** An {@code error} came first. */
        ERROR
    }
}
