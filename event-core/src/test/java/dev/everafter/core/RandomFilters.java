package dev.everafter.core;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Random filters and events over so few names and values that they often meet. */
final class RandomFilters {
    private static final Instant START = Instant.parse("2026-11-24T00:00:00Z");

    private final Random random;

    /** With {@code -Dseed=}, or a new seed that is printed. */
    RandomFilters(String test) {
        String given = System.getProperty("seed", "").strip();
        long seed = given.isEmpty() ? new Random().nextLong() : Long.parseLong(given);
        System.out.println(test + ": replay with -Dseed=" + seed);
        this.random = new Random(seed);
    }

    Filter filter(int depth) {
        return switch (random.nextInt(depth > 0 ? 7 : 2)) {
            case 0 -> {
                Attribute attribute = attribute();
                yield Filter.eq(attribute, operand(attribute));
            }
            case 1 -> {
                Attribute attribute = attribute();
                yield Filter.in(
                        attribute,
                        IntStream.range(0, random.nextInt(4))
                                .mapToObj(i -> operand(attribute))
                                .toList());
            }
            case 2, 3 -> Filter.and(filters(depth - 1));
            case 4, 5 -> Filter.or(filters(depth - 1));
            default -> Filter.not(filter(depth - 1));
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

    private Attribute attribute() {
        return switch (random.nextInt(8)) {
            case 0 -> Attribute.TOPIC;
            case 1 -> Attribute.TYPE;
            case 2 -> Attribute.ID;
            case 3 -> Attribute.AT;
            case 4 -> Attribute.key("id");
            case 5 -> Attribute.old(column());
            case 6 -> Attribute.data("deep", column());
            default -> Attribute.data(column());
        };
    }

    private Value operand(Attribute attribute) {
        if (random.nextInt(8) == 0) {
            return Value.absent();
        }
        if (attribute == Attribute.AT) {
            return Value.of(START.plusSeconds(random.nextInt(3)));
        }
        if (attribute == Attribute.ID) {
            return Value.of(random.nextInt(3));
        }
        if (attribute instanceof Attribute.Member) {
            return Value.of(word());
        }
        return switch (random.nextInt(4)) {
            case 0 -> Value.of(word());
            case 1 -> Value.of(random.nextBoolean());
            case 2 -> Value.of(new BigDecimal(number()));
            default -> Value.of(random.nextInt(2));
        };
    }

    Event event() {
        Event.Builder event = Event.builder(random.nextInt(3), word(), word()).at(START.plusSeconds(random.nextInt(3)));
        if (random.nextInt(5) > 0) {
            event.key(RawJson.of("{\"id\":" + json() + "}"));
        }
        if (random.nextInt(5) > 0) {
            event.data(row());
        }
        if (random.nextBoolean()) {
            event.old(row());
        }
        return event.build();
    }

    private RawJson row() {
        List<String> members = new ArrayList<>();
        for (String column : List.of("a", "b")) {
            if (random.nextInt(4) > 0) {
                members.add("\"" + column + "\":" + json());
            }
        }
        if (random.nextBoolean()) {
            members.add("\"deep\":{\"" + column() + "\":" + json() + "}");
        }
        return RawJson.of("{" + String.join(",", members) + "}");
    }

    private String json() {
        return switch (random.nextInt(6)) {
            case 0 -> "null";
            case 1 -> String.valueOf(random.nextBoolean());
            case 2 -> "\"" + word() + "\"";
            case 3 -> "[" + random.nextInt(2) + "]";
            case 4 -> number();
            default -> String.valueOf(random.nextInt(2));
        };
    }

    private String number() {
        return List.of("0", "1", "1.0", "1e0", "10E-1", "-1", "0.5").get(random.nextInt(7));
    }

    private String column() {
        return random.nextBoolean() ? "a" : "b";
    }

    private String word() {
        return List.of("a", "b", "c", "1").get(random.nextInt(4));
    }
}
