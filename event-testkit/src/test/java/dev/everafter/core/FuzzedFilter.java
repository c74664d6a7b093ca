package dev.everafter.core;

import java.util.Objects;
import java.util.stream.Stream;

/** What holds for whatever a parser has let through, and for what it says when it has not. Stateless. */
final class FuzzedFilter {
    /** A form that is written out may nest deeper, and have more conditions, than what was read. */
    private static final FilterRules WIDE =
            FilterRules.builder().depth(200).conditions(1_000_000).build();

    private static final Event UPDATE = Event.builder(256, "a", "update")
            .key(RawJson.of("{\"id\": 1}"))
            .data(RawJson.of("{\"id\": 1, \"a\": \"b\", \"x\": {\"y\": [1, \"2026-11-24\", null]}}"))
            .old(RawJson.of("{\"a\": \"\u00e9\"}"))
            .build();

    private FuzzedFilter() {}

    static void requirePlace(FilterException refusal, String... beginnings) {
        String message = Objects.requireNonNull(refusal.getMessage());
        require(Stream.of(beginnings).anyMatch(message::startsWith), "no place is named", message);
    }

    /** It can be asked, means the same in its canonical form, and comes back from both forms. */
    static void check(Filter filter) {
        Filter canonical = filter.canonical();
        require(canonical.equals(canonical.canonical()), "not canonical", canonical);
        Image image = new EventImages(UPDATE).current();
        require(filter.matches(image) == canonical.matches(image), "another meaning in its canonical form", filter);

        Filter fromWire = FilterJson.parse(RawJson.parse(filter.toJson().toString()), WIDE);
        require(fromWire.equals(filter), "not the same from the wire", filter);

        String text = FilterText.of(filter);
        require(FilterText.parse(text, WIDE).canonical().equals(canonical), "not the same from its text", text);
    }

    private static void require(boolean holds, String what, Object about) {
        if (!holds) {
            throw new IllegalStateException(what + ": " + about);
        }
    }
}
