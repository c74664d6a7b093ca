package dev.everafter.examples.history;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.core.Value;
import dev.everafter.testkit.Pgbench;
import dev.everafter.testkit.Watch;
import java.util.List;
import java.util.stream.Collectors;

/** The fixed set of what subscribers of a check ask for, on the tables of the writers and of pgbench. */
final class Watches {
    static final Watch ALL = new Watch("all", Filter.all(), "true");
    static final Watch PGBENCH = new Watch(
            "pgbench",
            Filter.in(
                    Attribute.TOPIC,
                    Pgbench.TABLES.keySet().stream().map(Value::of).toList()),
            "topic IN ("
                    + Pgbench.TABLES.keySet().stream()
                            .map(table -> "'" + table + "'")
                            .collect(Collectors.joining(", "))
                    + ")");

    static final Watch EMITTED = new Watch(
            "emitted, or bucket 0",
            Filter.or(
                    Filter.eq(Attribute.TYPE, Value.of("x")),
                    Filter.and(Filter.topic("public.r"), Filter.eq(Attribute.data("bucket"), Value.of(0)))),
            "type = 'x' OR topic = 'public.r' AND image ->> 'bucket' = '0'");

    static final List<Watch> LIST = List.of(
            ALL,
            PGBENCH,
            EMITTED,
            new Watch("one table", Filter.topic("public.s"), "topic = 'public.s'"),
            new Watch(
                    "a table and what is emitted",
                    Filter.in(Attribute.TOPIC, List.of(Value.of("public.r"), Value.of("e"))),
                    "topic IN ('public.r', 'e')"),
            new Watch("deletes", Filter.eq(Attribute.TYPE, Value.of("delete")), "type = 'delete'"),
            // rows move into this view and out of it
            new Watch(
                    "two buckets",
                    Filter.and(
                            Filter.topic("public.s"),
                            Filter.in(Attribute.data("bucket"), List.of(Value.of(1), Value.of(2)))),
                    "topic = 'public.s' AND image ->> 'bucket' IN ('1', '2')"),
            new Watch(
                    "not bucket 3",
                    Filter.and(Filter.topic("public.r"), Filter.not(Filter.eq(Attribute.data("bucket"), Value.of(3)))),
                    "topic = 'public.r' AND image ->> 'bucket' IS DISTINCT FROM '3'"),
            new Watch(
                    "one account",
                    Filter.and(Filter.topic("public.acct"), Filter.eq(Attribute.key("id"), Value.of(7))),
                    "topic = 'public.acct' AND key ->> 'id' = '7'"),
            new Watch("nothing", Filter.topic("nobody writes here"), "false"));

    private Watches() {}
}
