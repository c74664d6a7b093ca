package dev.everafter.core;

import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The images of one event, each JSON member parsed at most once however many filters look. It lives for one dispatch, so
 * the tail holds bytes and no trees. For one thread.
 */
final class EventImages {
    private static final JsonBuilderFactory BUILDERS = JsonProvider.provider().createBuilderFactory(Map.of());

    private final Event event;
    private final View current;
    private final View currentWithoutOld;
    private final @Nullable View before;
    private final Member key;
    private final Member data;
    private final Member old;

    EventImages(Event event) {
        this.event = event;
        this.key = new Member(event.key());
        this.data = new Member(event.data());
        this.old = new Member(event.old());
        boolean update = event.data().isPresent() && event.old().isPresent();
        this.current = new View(false, false);
        this.currentWithoutOld = new View(false, true);
        this.before = update ? new View(true, false) : null;
    }

    Event event() {
        return event;
    }

    /** Whether it stands for a value that was not captured, or only as text (docs/capture.md). */
    private static boolean isMark(@Nullable JsonValue value) {
        return value instanceof JsonObject object
                && object.size() == 1
                && (object.containsKey("everafter:omitted") || object.containsKey("everafter:text"));
    }

    /** Whether it is about all rows of a table at once: then nothing says which they were. */
    boolean wholeTable() {
        return event.type().equals("truncate")
                && event.key().isEmpty()
                && event.data().isEmpty()
                && event.old().isEmpty();
    }

    /** Why a filter that asked could not be answered, if that has happened. */
    Optional<RuntimeException> trouble() {
        return Stream.of(key, data, old)
                .flatMap(member -> Stream.ofNullable(member.trouble))
                .findFirst()
                .map(e -> new EventLogException(
                        "event " + event.id() + " of " + event.topic()
                                + " is withheld from filters on what can't be read",
                        e));
    }

    /** The image after the change; before it, where nothing is left after it. */
    View current() {
        return current;
    }

    /** The same, for those who may not know what {@code old} holds. */
    View currentWithoutOld() {
        return currentWithoutOld;
    }

    /** The image before an update. */
    Optional<View> before() {
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

    /** One of the images. */
    final class View implements Image {
        private final boolean beforeUpdate;
        private final boolean withoutOld;
        private boolean metAMark;
        private final Lazy<JsonValue> overlaidKey;
        private final Lazy<JsonValue> overlaidData;

        View(boolean beforeUpdate, boolean withoutOld) {
            this.beforeUpdate = beforeUpdate;
            this.withoutOld = withoutOld;
            this.overlaidKey = new Lazy<>(() -> overlay(key.get(), false));
            this.overlaidData = new Lazy<>(() -> overlay(data.get(), true));
        }

        /** Whether {@code filter} matches, whatever those values are that can't be known. */
        boolean surely(Filter filter) {
            boolean matches = filter.matches(this);
            boolean guessed = withoutOld || metAMark || key.unreadable() || data.unreadable() || old.unreadable();
            return matches && (!guessed || holds(filter, true));
        }

        /** Whether {@code filter} may match, for some value of what can't be known. */
        boolean possibly(Filter filter) {
            return !holds(filter, false);
        }

        /** Whether {@code filter} comes out as {@code wanted}, whatever those values are that can't be known. */
        private boolean holds(Filter filter, boolean wanted) {
            if (filter instanceof Filter.And and) {
                return wanted
                        ? and.filters().stream().allMatch(part -> holds(part, true))
                        : and.filters().stream().anyMatch(part -> holds(part, false));
            }
            if (filter instanceof Filter.Or or) {
                return wanted
                        ? or.filters().stream().anyMatch(part -> holds(part, true))
                        : or.filters().stream().allMatch(part -> holds(part, false));
            }
            if (filter instanceof Filter.Not not) {
                return holds(not.filter(), !wanted);
            }
            Condition condition = (Condition) filter;
            // in this order: only an attempt to read tells what is unreadable
            return condition.matches(this) == wanted && knows(condition, wanted);
        }

        /** Whether nothing that can't be known would change the answer {@code matched}. */
        private boolean knows(Condition condition, boolean matched) {
            if (condition instanceof Condition.OnAttribute on) {
                return knows(on.attribute());
            }
            LikePattern pattern = ((Condition.AnyLike) condition).pattern();
            boolean always = matched && (pattern.matches(event.topic()) || pattern.matches(event.type()));
            return always || (knowsColumns(Attribute.Root.KEY) && knowsColumns(Attribute.Root.DATA));
        }

        private boolean knowsColumns(Attribute.Root root) {
            return knows(root)
                    && !(root(root) instanceof JsonObject row
                            && row.values().stream().anyMatch(EventImages::isMark));
        }

        private boolean knows(Attribute attribute) {
            return !(attribute instanceof Attribute.Path path) || (knows(path.root()) && !isMark(at(path)));
        }

        private boolean knows(Attribute.Root root) {
            if (wholeTable()) {
                return false;
            }
            return switch (root) {
                case OLD -> !withoutOld && !old.unreadable();
                case KEY -> !key.unreadable() && !(beforeUpdate && old.unreadable());
                case DATA ->
                    !data.unreadable() && !((beforeUpdate || event.data().isEmpty()) && old.unreadable());
            };
        }

        @Override
        public Value value(Attribute attribute) {
            if (attribute instanceof Attribute.Path path) {
                JsonValue at = at(path);
                return at == null || meetsMark(at) ? Value.absent() : Value.of(at);
            }
            return switch ((Attribute.Member) attribute) {
                case TOPIC -> Value.of(event.topic());
                case TYPE -> Value.of(event.type());
                case ID -> Value.of(event.id());
                case AT -> Value.of(event.at());
            };
        }

        @Override
        public boolean exists(Attribute.Path path) {
            JsonValue at = at(path);
            return at != null && !meetsMark(at);
        }

        /** What the path leads to, if anything; the mark, if it leads to one or beyond. */
        private @Nullable JsonValue at(Attribute.Path path) {
            JsonValue at = root(path.root());
            for (String name : path.path()) {
                if (isMark(at)) {
                    return at;
                }
                at = at instanceof JsonObject object ? object.get(name) : null;
            }
            return at;
        }

        private boolean meetsMark(JsonValue at) {
            boolean mark = isMark(at);
            metAMark |= mark;
            return mark;
        }

        @Override
        public boolean anyText(Predicate<String> wanted) {
            return wanted.test(event.topic())
                    || wanted.test(event.type())
                    || anyColumn(root(Attribute.Root.KEY), wanted)
                    || anyColumn(root(Attribute.Root.DATA), wanted);
        }

        private boolean anyColumn(JsonValue row, Predicate<String> wanted) {
            return row instanceof JsonObject columns
                    && columns.values().stream()
                            .anyMatch(value -> !meetsMark(value)
                                    && value instanceof JsonString text
                                    && wanted.test(text.getString()));
        }

        JsonValue root(Attribute.Root root) {
            return switch (root) {
                case OLD -> old.get();
                case KEY -> beforeUpdate ? overlaidKey.get() : key.get();
                case DATA -> {
                    if (beforeUpdate) {
                        yield overlaidData.get();
                    }
                    yield event.data().isPresent() ? data.get() : old.get();
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

    /**
     * One of the event's JSON members. What is beyond {@link RawJson#parse()} holds nothing that could be known; it does
     * not keep the event, or those after it, from anybody who doesn't ask for it.
     */
    private static final class Member {
        private final Lazy<JsonValue> json;
        private @Nullable JsonException trouble;

        Member(Optional<RawJson> source) {
            this.json = new Lazy<>(() -> parse(source));
        }

        private JsonValue parse(Optional<RawJson> source) {
            try {
                return source.map(RawJson::parse).orElse(JsonValue.NULL);
            } catch (JsonException e) {
                trouble = e;
                return JsonValue.NULL;
            }
        }

        JsonValue get() {
            return json.get();
        }

        boolean unreadable() {
            return trouble != null;
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
