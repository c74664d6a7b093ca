package dev.everafter.testkit;

import dev.everafter.core.Attribute;
import dev.everafter.core.Condition;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.LikePattern;
import dev.everafter.core.RawJson;
import dev.everafter.core.Value;
import jakarta.json.spi.JsonProvider;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Random filters and events over so few names and values that they often meet, and so odd ones that evaluators could
 * differ over them. Every operator comes, with operands of every kind.
 *
 * <p>For one thread.
 */
public final class RandomFilters {
    private static final JsonProvider JSON = JsonProvider.provider();

    /** The time of the earliest event. */
    public static final Instant START = Instant.parse("2026-11-24T00:00:00Z");

    /** Cases that only Unicode knows, code points that UTF-16 orders otherwise, wildcards, and what looks like a number. */
    private static final List<String> WORDS = List.of(
            "",
            "a",
            "A",
            "b",
            "ab",
            "Ab",
            "aab",
            "k",
            "\u212a",
            "s",
            "\u017f",
            "i",
            "\u0130",
            "\u0131",
            "\u00e9",
            "\u00c9",
            "\u00df",
            "\u1e9e",
            "\ufb01",
            "\ud83d\ude00",
            "a\ud83d\ude00b",
            "%",
            "_",
            "\\",
            "a_b",
            "1",
            "true",
            "null",
            "'");

    private static final List<String> TIMES = List.of(
            "2026-11-24T00:00:00Z",
            "2026-11-24T00:00:00",
            "2026-11-24 00:00",
            "2026-11-24",
            "2026-11-24T01:00:00+01:00",
            "2026-11-23T22:30:00.000000-0130",
            "2026-11-24T00:00:00.000001Z",
            "2026-11-24T00:00:00.0000019+00",
            "2024-02-29",
            "2026-02-29",
            "2026-11-31T00:00:00Z",
            "0000-01-01",
            "2026-11-24T24:00:00Z",
            "2026-11-24T00:00:60Z",
            "2026-11-24T00:00:00+15:00",
            "2026-11-24t00:00:00z",
            "9999-12-31T23:59:59.999999Z",
            "0001-01-01",
            "infinity",
            "2026-11-24T00:00:00.Z",
            "2026-1-1");

    private static final List<String> NUMBERS = List.of(
            "0",
            "1",
            "1.0",
            "1e0",
            "10E-1",
            "-1",
            "0.5",
            "-0.0",
            "9007199254740992",
            "9007199254740993",
            "1e30",
            "0.1",
            "0.1000000000000000055511151231257827",
            "99");

    /** An array must not be taken for an object with the names 0, 1, ... */
    private static final List<String> NAMES = List.of("a", "b", "0", "a.b", "", "<c", "d e", "\u00e9");

    private final Random random;

    /** With all its choices from {@code random}. */
    public RandomFilters(Random random) {
        this.random = random;
    }

    // filters

    /** A filter that nests at most {@code depth} deep. */
    public Filter filter(int depth) {
        return switch (depth > 0 ? random.nextInt(8) : 0) {
            case 1, 2 -> Filter.and(filters(depth - 1));
            case 3, 4 -> Filter.or(filters(depth - 1));
            case 5 -> Filter.not(filter(depth - 1));
            default -> condition();
        };
    }

    private Filter[] filters(int depth) {
        List<Filter> filters = new ArrayList<>();
        for (int n = random.nextInt(4); n > 0; n--) {
            // repetition is what canonical() takes out
            filters.add(!filters.isEmpty() && random.nextInt(4) == 0 ? filters.get(0) : filter(depth));
        }
        return filters.toArray(Filter[]::new);
    }

    /** A single condition. */
    public Filter condition() {
        Attribute.Path path = path();
        return switch (random.nextInt(9)) {
            case 0, 1 -> {
                Attribute attribute = attribute();
                yield Filter.eq(attribute, operand(attribute));
            }
            case 2 -> {
                Attribute attribute = attribute();
                yield Filter.in(
                        attribute,
                        IntStream.range(0, random.nextInt(4))
                                .mapToObj(i -> operand(attribute))
                                .toList());
            }
            case 3, 4 -> {
                Attribute attribute = attribute();
                yield new Condition.Compare(attribute, any(Condition.Order.values()), bound(attribute));
            }
            case 5 -> {
                Attribute attribute = any(path, path, Attribute.TOPIC, Attribute.TYPE);
                yield new Condition.Like(attribute, pattern());
            }
            case 6 -> new Condition.AnyLike(pattern());
            case 7 -> new Condition.Exists(path);
            default -> new Condition.Contains(path, random.nextBoolean() ? Value.of(word()) : Value.of(number()));
        };
    }

    private LikePattern pattern() {
        StringBuilder pattern = new StringBuilder();
        for (int n = random.nextInt(4); n >= 0; n--) {
            pattern.append(
                    any("%", "%", "_", "a", "b", "K", "i", "\u00c9", "\ud83d\ude00", "\\_", "\\%", "\\\\", "\\a"));
        }
        return LikePattern.of(pattern.toString(), random.nextBoolean());
    }

    private Attribute attribute() {
        return switch (random.nextInt(8)) {
            case 0 -> Attribute.TOPIC;
            case 1 -> Attribute.TYPE;
            case 2 -> Attribute.ID;
            case 3 -> Attribute.AT;
            default -> path();
        };
    }

    private Attribute.Path path() {
        Attribute.Root root = any(Attribute.Root.DATA, Attribute.Root.DATA, Attribute.Root.KEY, Attribute.Root.OLD);
        return new Attribute.Path(root, random.nextInt(4) == 0 ? List.of("deep", name()) : List.of(name()));
    }

    private Value operand(Attribute attribute) {
        if (random.nextInt(8) == 0) {
            return Value.absent();
        }
        return attribute instanceof Attribute.Path && random.nextInt(6) == 0
                ? Value.of(random.nextBoolean())
                : bound(attribute);
    }

    private Value bound(Attribute attribute) {
        if (attribute == Attribute.ID) {
            return Value.of(id());
        }
        if (attribute == Attribute.AT) {
            return Value.of(at());
        }
        if (attribute instanceof Attribute.Member) {
            return Value.of(word());
        }
        return switch (random.nextInt(5)) {
            case 0 -> Value.of(START.plusNanos(any(-1L, 0L, 1L, -86_400_000_000L, 86_400_000_000L) * 1_000));
            case 1, 2 -> Value.of(number());
            default -> Value.of(text());
        };
    }

    // events

    /** Where an id may be: the first event of a transaction. */
    public long id() {
        return 256L * (1 + random.nextInt(5));
    }

    private Instant at() {
        return START.plusNanos(1_000L * random.nextInt(3));
    }

    /** Of a row, of a whole table, or with anything at all in its members. */
    public Event event(long id) {
        Event.Builder event = Event.builder(id, word(), random.nextInt(12) == 0 ? "truncate" : word())
                .at(at());
        if (random.nextInt(10) == 0) {
            return event.build();
        }
        if (random.nextInt(5) > 0) {
            event.key(row());
        }
        if (random.nextInt(5) > 0) {
            event.data(row());
        }
        if (random.nextBoolean()) {
            event.old(row());
        }
        return event.build();
    }

    /** An object with some of the names; seldom something else. */
    public RawJson row() {
        return RawJson.of(random.nextInt(20) == 0 ? json(1) : object(0));
    }

    private String object(int depth) {
        List<String> members = new ArrayList<>();
        for (String name : NAMES) {
            if (random.nextInt(3) > 0) {
                members.add(string(name) + ":" + json(depth + 1));
            }
        }
        if (depth == 0 && random.nextBoolean()) {
            members.add("\"deep\":" + (random.nextInt(4) == 0 ? json(1) : object(1)));
        }
        return members.stream().collect(Collectors.joining(",", "{", "}"));
    }

    private String json(int depth) {
        return switch (random.nextInt(depth > 1 ? 8 : 10)) {
            case 0 -> "null";
            case 1 -> String.valueOf(random.nextBoolean());
            case 2, 3, 4 -> string(text());
            case 5, 6, 7 -> often(NUMBERS, 7);
            case 8 -> "[" + json(2) + "," + json(2) + "]";
            default -> "{" + string(any("a", "b", "k", "1")) + ":" + json(2) + "}";
        };
    }

    private static String string(String text) {
        return JSON.createValue(text).toString();
    }

    private BigDecimal number() {
        return new BigDecimal(often(NUMBERS, 7));
    }

    private String text() {
        return random.nextInt(2) == 0 ? often(TIMES, 8) : word();
    }

    private String word() {
        return often(WORDS, 6);
    }

    private String name() {
        return often(NAMES, 2);
    }

    /** Mostly one of the {@code first}, so that filters and events meet. */
    private <T> T often(List<T> choices, int first) {
        return any(random.nextInt(3) > 0 ? choices.subList(0, first) : choices);
    }

    private <T> T any(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    @SafeVarargs
    private <T> T any(T... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
