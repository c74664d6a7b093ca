package dev.everafter.core;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the strings that are points in time: what {@code to_jsonb} makes of PostgreSQL's {@code date}, {@code timestamp}
 * and {@code timestamptz}, and RFC 3339. A day that the calendar doesn't have is none of them. What names no zone is UTC,
 * a date is its first moment, and what is finer than a microsecond is dropped.
 *
 * <p>Stateless.
 */
final class Timestamps {
    /** The shape and the calendar at once, for years 0001 to 9999. Filters in SQL use the same expression. */
    private static final Pattern SHAPE = Pattern.compile("(?!0000)"
            + "([0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
            + "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
            + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)"
            + "(?:[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]+))?)?"
            + "(Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)?)?");

    private Timestamps() {}

    /** The moment that {@code text} names, if it names one. */
    static Optional<Instant> read(String text) {
        if (text.length() < 10 || text.charAt(4) != '-') {
            return Optional.empty();
        }
        Matcher parts = SHAPE.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        String minute = part(parts, 2, "00:00");
        String micros = (part(parts, 4, "") + "000000").substring(0, 6);
        return Optional.of(
                LocalDateTime.parse(parts.group(1) + "T" + minute + ":" + part(parts, 3, "00") + "." + micros)
                        .toInstant(ZoneOffset.of(part(parts, 5, "Z"))));
    }

    private static String part(Matcher parts, int group, String absent) {
        String part = parts.group(group);
        return part == null ? absent : part;
    }
}
