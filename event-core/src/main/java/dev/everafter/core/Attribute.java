package dev.everafter.core;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a filter may ask of an event: one of its own members, or a path into one of its JSON members. */
public sealed interface Attribute {
    /** The event's topic. */
    Attribute TOPIC = Member.TOPIC;

    /** The event's type. */
    Attribute TYPE = Member.TYPE;

    /** The event's id. */
    Attribute ID = Member.ID;

    /** The event's time. */
    Attribute AT = Member.AT;

    /** A column, or a deeper path, of the row's image. */
    static Attribute data(String... path) {
        return new Path(Root.DATA, List.of(path));
    }

    /** A column of the key. */
    static Attribute key(String... path) {
        return new Path(Root.KEY, List.of(path));
    }

    /** A column, or a deeper path, of what {@link Event#old()} holds. */
    static Attribute old(String... path) {
        return new Path(Root.OLD, List.of(path));
    }

    /**
     * Reads {@code topic}, {@code data.total}, {@code data.address.city}, {@code key.id}, ...
     *
     * @throws FilterException if {@code text} names no attribute
     */
    static Attribute parse(String text) {
        for (Member member : Member.values()) {
            if (member.text().equals(text)) {
                return member;
            }
        }
        List<String> parts = List.of(text.split("\\.", -1));
        for (Root root : Root.values()) {
            if (root.text().equals(parts.get(0))
                    && parts.size() > 1
                    && parts.stream().noneMatch(String::isEmpty)) {
                return new Path(root, parts.subList(1, parts.size()));
            }
        }
        throw new FilterException("unknown attribute \"" + text
                + "\": expected topic, type, id, at, or a path such as data.column, key.column, old.column");
    }

    /** The form that {@link #parse} reads. */
    String text();

    /** The event's own members. */
    enum Member implements Attribute {
        /** A string. */
        TOPIC,
        /** A string. */
        TYPE,
        /** A number. */
        ID,
        /** A time. */
        AT;

        @Override
        public String text() {
            return lower(this);
        }

        /** Whether its values are of {@code value}'s kind. */
        boolean holds(Value value) {
            return switch (this) {
                case TOPIC, TYPE -> value instanceof Value.Text;
                case ID -> value instanceof Value.Numeric;
                case AT -> value instanceof Value.Time;
            };
        }
    }

    /** The members that hold JSON. */
    enum Root {
        /** The row's key. */
        KEY,
        /** The row's image: after the change, or before it. */
        DATA,
        /** What the event carries as {@code old}, whatever image is looked at. */
        OLD;

        String text() {
            return lower(this);
        }
    }

    /**
     * A path into a JSON member.
     *
     * @param path the names of object members, at least one, none empty or with a dot, which {@link #text()} could not
     *     tell from two names
     */
    record Path(Root root, List<String> path) implements Attribute {
        /** Copies the list. */
        public Path {
            path = List.copyOf(path);
            if (path.isEmpty() || path.stream().anyMatch(name -> name.isEmpty() || name.contains("."))) {
                throw new FilterException("a path needs names without dots: " + root.text() + path);
            }
            path.forEach(FilterJson::requireUnicode);
        }

        @Override
        public String text() {
            return Stream.concat(Stream.of(root.text()), path.stream()).collect(Collectors.joining("."));
        }
    }

    private static String lower(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT);
    }
}
