package dev.everafter.pg;

import dev.everafter.core.Attribute;
import dev.everafter.core.Condition;
import dev.everafter.core.LikePattern;
import dev.everafter.core.Value;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Conditions in SQL that are never null. They ask nothing of the database's locale: strings are ordered as UTF-8, patterns
 * matched under {@code COLLATE "C"}. Stateless.
 */
final class ConditionSql {
    /** The strings that name a time: the expression of the core's {@code Timestamps}. */
    private static final String TIME = "'^(?!0000)(?:"
            + "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
            + "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
            + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
            + "(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]+)?)?"
            + "(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?)?)$'";

    /** Others that are no ASCII fold to these: the Kelvin sign, the long s, i with a dot or without. */
    private static final Set<Integer> FOLDED_TO = Set.of((int) 'i', (int) 'k', (int) 's');

    private ConditionSql() {}

    /** Whether the SQL is true of the same images as the condition; otherwise it is true of more. */
    static boolean isExact(Condition condition) {
        if (condition instanceof Condition.Like like) {
            return isExact(like.pattern());
        }
        return !(condition instanceof Condition.AnyLike any) || isExact(any.pattern());
    }

    private static boolean isExact(LikePattern pattern) {
        return !pattern.ignoreCase() || pattern.text().codePoints().allMatch(ConditionSql::foldsAlike);
    }

    /** Whether {@code lower()} under {@code COLLATE "C"} makes the same characters equal to it. */
    private static boolean foldsAlike(int character) {
        return character < 128 && !FOLDED_TO.contains(character);
    }

    static Fragment of(Condition condition) {
        if (condition instanceof Condition.Equals equals) {
            return in(equals.attribute(), List.of(equals.value()));
        }
        if (condition instanceof Condition.In in) {
            return in(in.attribute(), List.copyOf(in.values()));
        }
        if (condition instanceof Condition.Compare compare) {
            return compare(compare.attribute(), compare.order().text(), compare.value());
        }
        if (condition instanceof Condition.Like like) {
            return like.attribute() instanceof Attribute.Path path
                    ? ofText(path, matches(text(path), like.pattern()))
                    : matches(member(like.attribute()), like.pattern());
        }
        if (condition instanceof Condition.AnyLike like) {
            return any(like.pattern());
        }
        if (condition instanceof Condition.Exists exists) {
            return Fragment.of("(%s IS NOT NULL)", json(exists.attribute()));
        }
        Condition.Contains contains = (Condition.Contains) condition;
        if (contains.value() instanceof Value.Text text) {
            // an element, a name, or the string itself
            return Fragment.of(
                    "coalesce(jsonb_exists(%s, %s), false)", json(contains.attribute()), Fragment.text(text.text()));
        }
        return Fragment.of("coalesce(%s @> %s, false)", json(contains.attribute()), jsonb(contains.value()));
    }

    private static Fragment in(Attribute attribute, List<Value> values) {
        if (!(attribute instanceof Attribute.Path path)) {
            List<String> texts = values.stream()
                    .filter(value -> value != Value.absent())
                    .map(ConditionSql::plain)
                    .toList();
            return Fragment.of("(%s = ANY (%s))", member(attribute), Fragment.array(texts, type(attribute)));
        }
        List<Fragment> any = new ArrayList<>();
        List<String> json = new ArrayList<>();
        for (Value value : values) {
            if (value instanceof Value.Time) {
                any.add(compare(path, "=", value));
            } else {
                json.add(value.toJson().toString());
            }
        }
        if (!json.isEmpty()) {
            any.add(Fragment.of("(coalesce(%s, 'null') = ANY (%s))", json(path), Fragment.array(json, "jsonb")));
        }
        return Fragment.joined(any, " OR ", "false");
    }

    private static String type(Attribute attribute) {
        return switch ((Attribute.Member) attribute) {
            case TOPIC, TYPE -> "text";
            case ID -> "numeric";
            case AT -> "timestamptz";
        };
    }

    private static String plain(Value value) {
        return value instanceof Value.Text text
                ? text.text()
                : value instanceof Value.Time time
                        ? time.time().toString()
                        : value.toJson().toString();
    }

    private static Fragment compare(Attribute attribute, String order, Value value) {
        if (!(attribute instanceof Attribute.Path path)) {
            return value instanceof Value.Text text
                    ? Fragment.of("(convert_to(%s, 'UTF8') " + order + " %s)", member(attribute), utf8(text))
                    : Fragment.of(
                            "(%s " + order + " ALL (%s))",
                            member(attribute),
                            Fragment.array(List.of(plain(value)), type(attribute)));
        }
        if (value instanceof Value.Numeric) {
            return Fragment.of(
                    "(CASE jsonb_typeof(%s) WHEN 'number' THEN %s " + order + " %s ELSE false END)",
                    json(path),
                    json(path),
                    jsonb(value));
        }
        if (value instanceof Value.Text text) {
            return ofText(path, Fragment.of("convert_to(%s, 'UTF8') " + order + " %s", text(path), utf8(text)));
        }
        // Only what is sure to be a time is cast. Where no zone comes after a colon, it is UTC.
        Fragment time = Fragment.of(
                "(regexp_replace(%s, '([.][0-9]{6})[0-9]+', '\\1') || CASE WHEN %s ~ ':.*[Z+-]' THEN '' ELSE ' UTC' END)"
                        + "::timestamptz",
                text(path), text(path));
        return Fragment.of(
                "(CASE WHEN %s THEN %s " + order + " %s ELSE false END)",
                ofText(path, Fragment.of("%s ~ " + TIME, text(path))),
                time,
                Fragment.time(((Value.Time) value).time()));
    }

    private static Fragment matches(Fragment text, LikePattern pattern) {
        if (!pattern.ignoreCase()) {
            return Fragment.of("(%s COLLATE \"C\" LIKE %s)", text, Fragment.text(pattern.text()));
        }
        StringBuilder ascii = new StringBuilder();
        pattern.text().codePoints().forEach(c -> ascii.append(foldsAlike(c) ? (char) c : '_'));
        return Fragment.of("(lower(%s COLLATE \"C\") LIKE %s)", text, Fragment.text(ascii.toString()));
    }

    private static Fragment any(LikePattern pattern) {
        List<Fragment> any = new ArrayList<>();
        any.add(matches(Fragment.of("v.topic"), pattern));
        any.add(matches(Fragment.of("v.type"), pattern));
        for (String row : List.of("i.key", "i.data")) {
            any.add(Fragment.of(
                    "EXISTS (SELECT FROM jsonb_each(CASE jsonb_typeof(" + row + ") WHEN 'object' THEN " + row
                            + " END) a WHERE CASE jsonb_typeof(a.value) WHEN 'string' THEN %s ELSE false END)",
                    matches(Fragment.of("(a.value #>> '{}')"), pattern)));
        }
        return Fragment.joined(any, " OR ", "false");
    }

    private static Fragment member(Attribute attribute) {
        return Fragment.of(
                switch ((Attribute.Member) attribute) {
                    case TOPIC -> "v.topic";
                    case TYPE -> "v.type";
                    case ID -> "(c.id * 256 + ((v.n - 1) & 255))";
                    case AT -> "c.at";
                });
    }

    /** Name by name, for #> would take a number for a place in an array. */
    private static Fragment json(Attribute.Path path) {
        Fragment json = Fragment.of(
                switch (path.root()) {
                    case KEY -> "i.key";
                    case DATA -> "i.data";
                    case OLD -> "v.old";
                });
        for (String name : path.path()) {
            json = Fragment.of("(%s -> %s)", json, Fragment.text(name));
        }
        return json;
    }

    private static Fragment text(Attribute.Path path) {
        return Fragment.of("(%s #>> '{}')", json(path));
    }

    private static Fragment ofText(Attribute.Path path, Fragment then) {
        return Fragment.of("(CASE jsonb_typeof(%s) WHEN 'string' THEN %s ELSE false END)", json(path), then);
    }

    private static Fragment jsonb(Value value) {
        return Fragment.jsonb(value.toJson().toString());
    }

    private static Fragment utf8(Value.Text text) {
        return Fragment.bytes(text.text().getBytes(StandardCharsets.UTF_8));
    }
}
