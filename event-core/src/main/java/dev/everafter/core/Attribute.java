package dev.everafter.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a filter may ask of an event: one of its own members, or a path into one of its JSON members.
 *
 * <p>Immutable and safe for use by any thread.
 */
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
     * Reads {@code topic}, {@code data.total}, {@code data.address.city}, {@code key.id}, ... A name with a dot, or an
     * empty one, stands between angle brackets, in which {@code >} is doubled: {@code data.<http://example.org/a>.b}.
     *
     * @throws FilterException if {@code text} names no attribute
     */
    static Attribute parse(String text) {
        for (Member member : Member.values()) {
            if (member.text().equals(text)) {
                return member;
            }
        }
        int dot = text.indexOf('.');
        Optional<Root> root = dot < 0 ? Optional.empty() : Root.parse(text.substring(0, dot));
        return root.flatMap(found -> names(text, dot + 1).map(names -> (Attribute) new Path(found, names)))
                .orElseThrow(() -> new FilterException("unknown attribute \"" + FilterJson.clip(text)
                        + "\": expected topic, type, id, at, or a path such as data.column, key.column, old.column"));
    }

    private static Optional<List<String>> names(String text, int from) {
        List<String> names = new ArrayList<>();
        for (int at = from; at <= text.length(); at++) {
            int end;
            if (text.startsWith("<", at)) {
                end = endOfQuoted(text, at);
                if (end < 0 || (end < text.length() && text.charAt(end) != '.')) {
                    return Optional.empty();
                }
                names.add(text.substring(at + 1, end - 1).replace(">>", ">"));
            } else {
                end = text.indexOf('.', at) < 0 ? text.length() : text.indexOf('.', at);
                if (end == at) {
                    return Optional.empty();
                }
                names.add(text.substring(at, end));
            }
            at = end;
        }
        return Optional.of(names);
    }

    /** Where the name that begins at {@code at} with an angle bracket has ended with another; -1 if it doesn't. */
    static int endOfQuoted(String text, int at) {
        for (int i = text.indexOf('>', at); i >= 0; i = text.indexOf('>', i + 2)) {
            if (!text.startsWith(">>", i)) {
                return i + 1;
            }
        }
        return -1;
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

        static Optional<Root> parse(String text) {
            for (Root root : values()) {
                if (root.text().equals(text)) {
                    return Optional.of(root);
                }
            }
            return Optional.empty();
        }

        String text() {
            return lower(this);
        }
    }

    /**
     * A path into a JSON member.
     *
     * @param path the names of object members, at least one
     */
    record Path(Root root, List<String> path) implements Attribute {
        /** Copies the list. */
        public Path {
            path = List.copyOf(path);
            if (path.isEmpty()) {
                throw new FilterException("a path needs names: " + root.text());
            }
            path.forEach(FilterJson::requireText);
        }

        @Override
        public String text() {
            return path.stream()
                    .map(name -> name.isEmpty() || name.contains(".") || name.startsWith("<") ? quoted(name) : name)
                    .collect(Collectors.joining(".", root.text() + ".", ""));
        }

        static String quoted(String name) {
            return "<" + name.replace(">", ">>") + ">";
        }
    }

    private static String lower(Enum<?> name) {
        return name.name().toLowerCase(Locale.ROOT);
    }
}
