package dev.everafter.core;

import jakarta.json.JsonException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A JSON value of an event, read once however many ask, and only as far as somebody does: an object is passed over once to
 * find its members, and of these only those are read that are asked for.
 *
 * <p>It <em>can't be known</em> what a value is that was not captured (docs/capture.md), or that is beyond {@link
 * RawJson#parse()}. For one thread.
 */
final class LazyJson {
    private static final Set<String> MARKS = Set.of("everafter:omitted", "everafter:text");
    private static final int LONGEST_NUMBER = 10_000;

    private final RawJson raw;
    private final Consumer<JsonException> trouble;
    private @Nullable Map<String, LazyJson> members;
    private @Nullable Value value;
    private boolean broken;
    private boolean unreadable;

    /** @param trouble is told why something can't be read */
    LazyJson(RawJson raw, Consumer<JsonException> trouble) {
        this.raw = raw;
        this.trouble = trouble;
    }

    /** An object with these members instead of its own. */
    private LazyJson(LazyJson object, Map<String, LazyJson> members) {
        this(object.raw, object.trouble);
        this.members = members;
    }

    boolean isObject() {
        return raw.first() == '{';
    }

    boolean isText() {
        return raw.first() == '"';
    }

    /** Of an object; otherwise none. */
    Map<String, LazyJson> members() {
        Map<String, LazyJson> found = members;
        if (found == null) {
            found = find();
            members = found;
        }
        return found;
    }

    private Map<String, LazyJson> find() {
        Map<String, LazyJson> found = new LinkedHashMap<>();
        try {
            raw.members((name, member) -> found.put(name, new LazyJson(member, trouble)));
        } catch (JsonException e) {
            broken = true;
            trouble.accept(e);
            return Map.of();
        }
        return found;
    }

    /** Whether it can't be known what it is or has, whatever its members are. */
    boolean isMark() {
        Map<String, LazyJson> all = members();
        return broken || (all.size() == 1 && MARKS.containsAll(all.keySet()));
    }

    /** Whether it can't be known. */
    boolean isUnknown() {
        return isMark() || (value() == Value.absent() && unreadable);
    }

    /** Null for what can't be read. */
    Value value() {
        Value known = value;
        if (known == null) {
            known = read();
            value = known;
        }
        return known;
    }

    private Value read() {
        try {
            return isText() || isNumber() ? scalar(raw.toString()) : Value.of(raw.parse());
        } catch (JsonException e) {
            unreadable = true;
            trouble.accept(e);
            return Value.absent();
        }
    }

    private boolean isNumber() {
        byte first = raw.first();
        return first == '-' || (first >= '0' && first <= '9');
    }

    /** What most columns are, without a parser. */
    private Value scalar(String text) {
        if (isNumber() && text.length() <= LONGEST_NUMBER) {
            try {
                return Value.of(new BigDecimal(text));
            } catch (NumberFormatException e) {
                throw new JsonException("no number that can be held", e);
            }
        }
        return text.indexOf('\\') < 0 && isText()
                ? Value.of(text.substring(1, text.length() - 1))
                : Value.of(raw.parse());
    }

    /** With the members that {@code old} has of the same names, or, with {@code all}, of any name. */
    LazyJson overlaid(LazyJson old, boolean all) {
        if (!isObject() || !old.isObject()) {
            return this;
        }
        Map<String, LazyJson> both = new LinkedHashMap<>(members());
        old.members().forEach((name, member) -> {
            if (all || both.containsKey(name)) {
                both.put(name, member);
            }
        });
        if (broken || old.broken) {
            return broken ? this : old;
        }
        return new LazyJson(this, both);
    }

    /** Its text, put together from its members. */
    RawJson toRaw() {
        return RawJson.of(members().entrySet().stream()
                .map(member -> FilterJson.string(member.getKey()) + ":" + member.getValue().raw)
                .collect(Collectors.joining(",", "{", "}")));
    }
}
