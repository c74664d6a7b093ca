package dev.everafter.core;

import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The images of one event, each JSON member parsed at most once however many filters look. It lives for one dispatch, so
 * the tail holds bytes and no trees. For one thread.
 */
final class EventImages {
    private static final JsonBuilderFactory BUILDERS = JsonProvider.provider().createBuilderFactory(Map.of());

    private final Event event;
    private final View current;
    private final @Nullable View before;
    private final Lazy<JsonValue> key;
    private final Lazy<JsonValue> data;
    private final Lazy<JsonValue> old;

    EventImages(Event event) {
        this.event = event;
        this.key = new Lazy<>(() -> parse(event.key()));
        this.data = new Lazy<>(() -> parse(event.data()));
        this.old = new Lazy<>(() -> parse(event.old()));
        boolean update = event.data().isPresent() && event.old().isPresent();
        this.current = new View(false);
        this.before = update ? new View(true) : null;
    }

    Event event() {
        return event;
    }

    /** The image after the change; before it, where nothing is left after it. */
    Image current() {
        return current;
    }

    /** The image before an update. */
    Optional<Image> before() {
        return Optional.ofNullable(before);
    }

    /** The key that the row had before the change. */
    @Nullable
    RawJson keyBefore() {
        if (event.key().isEmpty() || before == null) {
            return event.key().orElse(null);
        }
        JsonValue then = before.root(Attribute.Root.KEY);
        return then.equals(key.get()) ? event.key().get() : RawJson.of(then);
    }

    private static JsonValue parse(Optional<RawJson> json) {
        return json.map(RawJson::parse).orElse(JsonValue.NULL);
    }

    private final class View implements Image {
        private final boolean beforeUpdate;
        private final Lazy<JsonValue> overlaidKey;
        private final Lazy<JsonValue> overlaidData;

        View(boolean beforeUpdate) {
            this.beforeUpdate = beforeUpdate;
            this.overlaidKey = new Lazy<>(() -> overlay(key.get(), false));
            this.overlaidData = new Lazy<>(() -> overlay(data.get(), true));
        }

        @Override
        public Value value(Attribute attribute) {
            if (attribute instanceof Attribute.Path path) {
                JsonValue at = root(path.root());
                for (String name : path.path()) {
                    at = at instanceof JsonObject object ? object.getOrDefault(name, JsonValue.NULL) : JsonValue.NULL;
                }
                return Value.of(at);
            }
            return switch ((Attribute.Member) attribute) {
                case TOPIC -> Value.of(event.topic());
                case TYPE -> Value.of(event.type());
                case ID -> Value.of(event.id());
                case AT -> Value.of(event.at());
            };
        }

        JsonValue root(Attribute.Root root) {
            return switch (root) {
                case OLD -> old.get();
                case KEY -> (beforeUpdate ? overlaidKey : key).get();
                case DATA -> {
                    if (beforeUpdate) {
                        yield overlaidData.get();
                    }
                    yield (event.data().isPresent() ? data : old).get();
                }
            };
        }

        /** {@code base} with the values that {@code old} has for the same names (or, with {@code all}, for any name). */
        private JsonValue overlay(JsonValue base, boolean all) {
            if (!(base instanceof JsonObject after) || !(old.get() instanceof JsonObject changed)) {
                return base;
            }
            JsonObjectBuilder builder = BUILDERS.createObjectBuilder(after);
            changed.forEach((name, value) -> {
                if (all || after.containsKey(name)) {
                    builder.add(name, value);
                }
            });
            return builder.build();
        }
    }

    /** A value computed at most once, for one thread. */
    private static final class Lazy<T> {
        private final Supplier<T> source;
        private @Nullable T value;

        Lazy(Supplier<T> source) {
            this.source = source;
        }

        T get() {
            T found = value;
            if (found == null) {
                found = source.get();
                value = found;
            }
            return found;
        }
    }
}
