package dev.everafter.core;

/** What the benchmarks of matching have in common. Stateless. */
final class MeasuredEvents {
    private MeasuredEvents() {}

    /** An inserted order, with about {@code bytes} of JSON in ten columns. */
    static Event order(int id, int bytes) {
        StringBuilder data = new StringBuilder("{\"id\": " + id + ", \"total\": 100");
        for (int column = 2; column < 10; column++) {
            data.append(", \"column_")
                    .append(column)
                    .append("\": \"")
                    .append("x".repeat(bytes / 8))
                    .append('"');
        }
        return Event.builder(256, "public.orders", "insert")
                .key(RawJson.of("{\"id\": " + id + "}"))
                .data(RawJson.of(data.append('}').toString()))
                .build();
    }

    /** What follows one order. */
    static Filter ofOrder(int id) {
        return Filter.and(
                Filter.topic("public.orders"), Filter.where(Attribute.key("id")).is(id));
    }

    /** What no index finds. */
    static Filter aboveTotal(int total) {
        return Filter.where(Attribute.data("total")).greaterThan(total);
    }
}
