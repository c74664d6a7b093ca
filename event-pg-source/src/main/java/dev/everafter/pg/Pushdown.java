package dev.everafter.pg;

import dev.everafter.core.Attribute;
import dev.everafter.core.Condition;
import dev.everafter.core.Filter;
import dev.everafter.core.FilterText;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A filter as an SQL condition on a row of the log, true of every row that may match. Who reads the log checks again what
 * passes, so the condition may let through too much, never too little.
 *
 * @param where speaks of {@code c}, a row of everafter.commit_log, and {@code v}, one of everafter.event
 * @param inexact what the database can't decide, and lets through
 */
record Pushdown(Fragment where, List<Condition> inexact) {
    static final Pushdown EVERYTHING = new Pushdown(Fragment.of("true"), List.of());

    /** A statement has at most 65,535 parameters. */
    private static final int MOST_PARAMETERS = 10_000;

    /**
     * The image after a change, and of an update also the one before, which is the one after overlaid with {@code old}. A
     * delete has only the one before.
     */
    private static final String EITHER_IMAGE = """
            EXISTS (SELECT FROM (
                SELECT v.key AS key, CASE WHEN v.data IS NULL THEN v.old ELSE v.data END AS data
                UNION ALL
                SELECT CASE WHEN jsonb_typeof(v.key) = 'object' AND jsonb_typeof(v.old) = 'object'
                            THEN v.key || coalesce((SELECT jsonb_object_agg(o.key, o.value)
                                FROM jsonb_each(CASE jsonb_typeof(v.old) WHEN 'object' THEN v.old END) o
                                WHERE jsonb_exists(v.key, o.key)), '{}')
                            ELSE v.key END,
                       CASE WHEN jsonb_typeof(v.data) = 'object' AND jsonb_typeof(v.old) = 'object'
                            THEN v.data || v.old ELSE v.data END
                WHERE v.data IS NOT NULL AND v.old IS NOT NULL) i WHERE %s)""";

    /** It says of no row what it held, so any may have matched. */
    private static final String TRUNCATE =
            "(v.type = 'truncate' AND v.key IS NULL AND v.data IS NULL AND v.old IS NULL)";

    static Pushdown of(Filter filter) {
        Filter canonical = filter.canonical();
        if (canonical.equals(Filter.all())) {
            return EVERYTHING;
        }
        List<Condition> inexact = new ArrayList<>();
        Fragment matches = matches(canonical, true, inexact);
        Fragment either = asksImages(canonical) ? Fragment.of(EITHER_IMAGE, matches) : matches;
        Fragment where = Fragment.of("(%s OR " + TRUNCATE + ")", either);
        return where.parameters().size() > MOST_PARAMETERS
                ? new Pushdown(EVERYTHING.where, conditions(canonical).toList())
                : new Pushdown(where, List.copyOf(inexact));
    }

    boolean isEmpty() {
        return where.equals(EVERYTHING.where);
    }

    /** How the log answers, for people. */
    String explain() {
        String checked = inexact.stream().map(FilterText::of).distinct().collect(Collectors.joining(", "));
        String answer = inexact.isEmpty()
                ? "exact: the database sends what matches, and truncates"
                : "superset: the database sends what matches and more; memory checks " + checked;
        return answer
                + "\na replay examines every event of its range, however few match (docs/filters.md has the cost)\nwhere "
                + where.sql().replaceAll("\\s+", " ") + "\nwith " + where.parameters();
    }

    /** @param superset whether it may be true too often; otherwise it may be false too often */
    private static Fragment matches(Filter filter, boolean superset, List<Condition> inexact) {
        if (filter instanceof Filter.Not not) {
            return Fragment.of("NOT %s", matches(not.filter(), !superset, inexact));
        }
        if (filter instanceof Filter.And and) {
            return Fragment.joined(each(and.filters(), superset, inexact), " AND ", "true");
        }
        if (filter instanceof Filter.Or or) {
            return Fragment.joined(each(or.filters(), superset, inexact), " OR ", "false");
        }
        Condition condition = (Condition) filter;
        if (ConditionSql.isExact(condition)) {
            return ConditionSql.of(condition);
        }
        inexact.add(condition);
        return superset ? ConditionSql.of(condition) : Fragment.of("false");
    }

    private static List<Fragment> each(List<Filter> filters, boolean superset, List<Condition> inexact) {
        return filters.stream().map(part -> matches(part, superset, inexact)).toList();
    }

    private static boolean asksImages(Filter filter) {
        return conditions(filter)
                .anyMatch(condition -> !(condition instanceof Condition.OnAttribute on)
                        || (on.attribute() instanceof Attribute.Path path && path.root() != Attribute.Root.OLD));
    }

    private static Stream<Condition> conditions(Filter filter) {
        if (filter instanceof Filter.Not not) {
            return conditions(not.filter());
        }
        if (filter instanceof Filter.And and) {
            return and.filters().stream().flatMap(Pushdown::conditions);
        }
        return filter instanceof Filter.Or or
                ? or.filters().stream().flatMap(Pushdown::conditions)
                : Stream.of((Condition) filter);
    }
}
