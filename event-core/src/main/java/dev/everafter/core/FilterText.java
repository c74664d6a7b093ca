package dev.everafter.core;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The form of filters for people: {@code data.total > 100 and topic in ('public.orders', 'public.invoices')}.
 *
 * <pre>
 * filter    = all { "or" all }
 * all       = one { "and" one }
 * one       = "not" one | "(" filter ")" | "true" | "false" | condition
 * condition = attribute operator operand | attribute "is" ["not"] "null" | attribute ["not"] "exists"
 * operator  = "=" | "!=" | "&lt;&gt;" | "&lt;" | "&lt;=" | "&gt;" | "&gt;=" | "is_a" | "contains" | ["not"] ("like" | "ilike" | "in")
 * operand   = value | "(" [value { "," value }] ")"
 * value     = 'text' | number | "true" | "false" | "null" | "time" 'text'
 * </pre>
 *
 * <p>A quote in a text is doubled; words are read in either case. A name in a path that has a blank, a dot or one of
 * {@code < > = ! ( ) , '} stands between angle brackets: {@code data.<unit price>}. What is not understood is refused,
 * never ignored; the message begins with the column. Thread-safe.
 */
public final class FilterText {
    private static final Set<String> NEGATABLE = Set.of("in", "like", "ilike", "exists");

    private static final int MOST_ZEROS = 20;

    private FilterText() {}

    /**
     * Reads a filter by the default rules.
     *
     * @throws FilterException if {@code text} is no filter
     */
    public static Filter parse(String text) {
        return parse(text, FilterRules.DEFAULT);
    }

    /**
     * Reads a filter.
     *
     * @throws FilterException if {@code text} is no filter, or not within {@code rules}
     */
    public static Filter parse(String text, FilterRules rules) {
        return new Reader(text, rules, Optional.empty()).all();
    }

    /** The text of {@code filter}; read again it is a filter with the same {@link Filter#canonical()} form. */
    public static String of(Filter filter) {
        if (filter instanceof Filter.And and) {
            return joined(and.filters(), " and ", "true");
        }
        if (filter instanceof Filter.Or or) {
            return joined(or.filters(), " or ", "false");
        }
        if (filter instanceof Filter.Not not) {
            return negated(not.filter());
        }
        if (filter instanceof Condition.AnyLike like) {
            return Operands.ANY + pattern(like.pattern());
        }
        Condition.OnAttribute condition = (Condition.OnAttribute) filter;
        return attribute(condition.attribute()) + " " + question(condition);
    }

    private static String joined(List<Filter> filters, String word, String none) {
        return filters.isEmpty()
                ? none
                : filters.stream().map(FilterText::nested).collect(Collectors.joining(word));
    }

    private static String nested(Filter filter) {
        boolean many = filter instanceof Filter.And || filter instanceof Filter.Or;
        return many ? "(" + of(filter) + ")" : of(filter);
    }

    private static String negated(Filter filter) {
        if (filter instanceof Condition.Equals equals) {
            return attribute(equals.attribute()) + " != " + value(equals.value());
        }
        if (filter instanceof Condition.In in) {
            return attribute(in.attribute()) + " not " + question(in);
        }
        return "not " + nested(filter);
    }

    private static String question(Condition.OnAttribute condition) {
        if (condition instanceof Condition.Equals equals) {
            return "= " + value(equals.value());
        }
        if (condition instanceof Condition.In in) {
            return in.values().stream().map(FilterText::value).collect(Collectors.joining(", ", "in (", ")"));
        }
        if (condition instanceof Condition.Compare compare) {
            return compare.order().text() + " " + value(compare.value());
        }
        if (condition instanceof Condition.Like like) {
            return pattern(like.pattern()).strip();
        }
        return condition instanceof Condition.Contains contains ? "contains " + value(contains.value()) : "exists";
    }

    private static String pattern(LikePattern pattern) {
        return (pattern.ignoreCase() ? " ilike " : " like ") + quoted(pattern.text());
    }

    private static String value(Value value) {
        if (value instanceof Value.Text text) {
            return quoted(text.text());
        }
        if (value instanceof Value.Time time) {
            return "time '" + time.time() + "'";
        }
        boolean plain = value instanceof Value.Numeric numeric
                && Math.abs(numeric.number().scale()) < MOST_ZEROS;
        return plain
                ? ((Value.Numeric) value).number().toPlainString()
                : value.toJson().toString();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    private static String attribute(Attribute attribute) {
        if (!(attribute instanceof Attribute.Path path)) {
            return attribute.text();
        }
        return path.path().stream()
                .map(name -> FilterTokens.isPlain(name) ? name : Attribute.Path.quoted(name))
                .collect(Collectors.joining(".", path.root().text() + ".", ""));
    }

    /** What placeholders stand for. */
    interface Placeholders {
        /** @throws FilterException if there is nothing for {@code placeholder} that may stand here */
        Operator.Operand operand(String placeholder, String attribute, String operator);
    }

    /** Descends recursively; as deep as the rules allow. */
    static final class Reader {
        private final FilterTokens tokens;
        private final FilterRules rules;
        private final Optional<Placeholders> placeholders;
        private int conditions;

        /** @param placeholders empty where there are none: then {@code $} is no operand */
        Reader(String text, FilterRules rules, Optional<Placeholders> placeholders) {
            this.tokens = new FilterTokens(text);
            this.rules = rules;
            this.placeholders = placeholders;
        }

        Filter all() {
            Filter filter = filter(0);
            if (!tokens.isEnd()) {
                throw tokens.expected("and, or, or the end");
            }
            return filter;
        }

        private Filter filter(int depth) {
            List<Filter> any = new ArrayList<>();
            do {
                List<Filter> all = new ArrayList<>();
                do {
                    all.add(one(depth));
                } while (tokens.skip("and"));
                any.add(all.size() == 1 ? all.get(0) : new Filter.And(all));
            } while (tokens.skip("or"));
            return any.size() == 1 ? any.get(0) : new Filter.Or(any);
        }

        private Filter one(int depth) {
            if (depth > rules.depth()) {
                throw tokens.wrong("nested deeper than " + rules.depth());
            }
            if (tokens.skip("not")) {
                return new Filter.Not(one(depth + 1));
            }
            if (tokens.skip("(")) {
                Filter inner = filter(depth + 1);
                tokens.require(")", "and, or, or \")\"");
                return inner;
            }
            if (tokens.skip("true")) {
                return Filter.all();
            }
            return tokens.skip("false") ? Filter.none() : condition();
        }

        private Filter condition() {
            if (++conditions > rules.conditions()) {
                throw tokens.wrong("more than " + rules.conditions() + " conditions");
            }
            String namePlace = tokens.place();
            String name = tokens.attribute();
            String operatorPlace = tokens.place();
            boolean is = tokens.skip("is");
            boolean not = tokens.skip("not");
            if (is) {
                tokens.require("null", "null");
                Operator.Places places = new Operator.Places(namePlace, operatorPlace, operatorPlace);
                return Operator.condition(name, not ? "!=" : "=", Operator.Operand.of(Value.absent()), places, rules);
            }
            String operator = tokens.operator();
            if (not && !NEGATABLE.contains(operator)) {
                throw new FilterException(operatorPlace + ": expected in, like, ilike or exists after not");
            }
            Operator.Places places = new Operator.Places(namePlace, operatorPlace, tokens.place());
            Operator.Operand operand = operator.equals(Operator.EXISTS.text())
                    ? Operator.Operand.of(Value.of(true))
                    : operand(name, operator);
            Filter made = Operator.condition(name, operator, operand, places, rules);
            return not ? new Filter.Not(made) : made;
        }

        private Operator.Operand operand(String attribute, String operator) {
            if (placeholders.isPresent() && tokens.isPlaceholder()) {
                String place = tokens.place();
                try {
                    return placeholders.get().operand(tokens.placeholder(), attribute, operator);
                } catch (FilterException e) {
                    throw new FilterException(place + ": " + e.getMessage());
                }
            }
            if (!tokens.skip("(")) {
                return Operator.Operand.of(value());
            }
            List<Value> values = new ArrayList<>();
            if (!tokens.skip(")")) {
                do {
                    values.add(value());
                } while (tokens.skip(","));
                tokens.require(")", "\",\" or \")\"");
            }
            return new Operator.Operand(values, true);
        }

        private Value value() {
            if (tokens.skip("true")) {
                return Value.of(true);
            }
            if (tokens.skip("false")) {
                return Value.of(false);
            }
            if (tokens.skip("null")) {
                return Value.absent();
            }
            if (tokens.skip("time")) {
                String place = tokens.place();
                return Timestamps.read(tokens.text())
                        .map(time -> Value.of(time))
                        .orElseThrow(
                                () -> new FilterException(place + ": expected a time such as '2026-11-24T00:00:00Z'"));
            }
            Optional<BigDecimal> number = tokens.number();
            return number.isPresent() ? Value.of(number.get()) : Value.of(tokens.text());
        }
    }
}
