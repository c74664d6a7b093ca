package dev.everafter.core;

import dev.everafter.core.Condition.Order;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The operators of both written forms, and the filter that each makes of an attribute's name and an operand. */
enum Operator {
    EQUALS("="),
    NOT_EQUALS("!="),
    LESS("<"),
    AT_MOST("<="),
    GREATER(">"),
    AT_LEAST(">="),
    LIKE("like"),
    ILIKE("ilike"),
    IN("in"),
    NOT_IN("not in"),
    IS_A("is_a"),
    EXISTS("exists"),
    CONTAINS("contains");

    private static final String NOT_EQUALS_TOO = "<>";

    private final String text;

    Operator(String text) {
        this.text = text;
    }

    static Optional<Operator> parse(String text) {
        String usual = text.equals(NOT_EQUALS_TOO) ? NOT_EQUALS.text : text;
        return Arrays.stream(values()).filter(o -> o.text.equals(usual)).findFirst();
    }

    /** All of them, as an error message lists them. */
    static String all() {
        return Arrays.stream(values()).map(Operator::text).collect(Collectors.joining(", "));
    }

    String text() {
        return text;
    }

    /**
     * What was written after an operator.
     *
     * @param values one, unless it is a list
     */
    record Operand(List<Value> values, boolean list) {
        static Operand of(Value value) {
            return new Operand(List.of(value), false);
        }

        private Value single(String expected) {
            if (list) {
                throw new FilterException("expected " + expected + ", not a list");
            }
            return values.get(0);
        }

        private String text(String expected) {
            if (single(expected) instanceof Value.Text text) {
                return text.text();
            }
            throw new FilterException(
                    "expected " + expected + ", not " + values.get(0).toJson());
        }
    }

    /** Where the parts of a condition stand, for who reads an error. */
    record Places(String name, String operator, String operand) {}

    /** @throws FilterException if there is no such condition; it says which of {@code places} is wrong */
    static Filter condition(String name, String operatorText, Operand operand, Places places, FilterRules rules) {
        Operator operator = parse(operatorText)
                .orElseThrow(() -> new FilterException(places.operator + ": unknown operator \""
                        + FilterJson.clip(operatorText) + "\": expected one of " + all()));
        if (name.equals(Operands.ANY)) {
            if (operator != LIKE && operator != ILIKE) {
                throw new FilterException(places.operator + ": expected like or ilike for any, not " + operator.text());
            }
            return at(places.operand, () -> new Condition.AnyLike(operator.pattern(operand, rules)));
        }
        Optional<Attribute.Root> root = operator == EXISTS ? Attribute.Root.parse(name) : Optional.empty();
        if (root.isPresent()) {
            return at(places.operand, () -> {
                String key = operand.text("a member's name");
                return new Condition.Exists(new Attribute.Path(root.get(), List.of(key)));
            });
        }
        Attribute attribute = at(places.name, () -> operator.fitting(Attribute.parse(name)));
        return at(places.operand, () -> operator.filter(attribute, operand, rules));
    }

    private static <T> T at(String place, Supplier<T> making) {
        try {
            return making.get();
        } catch (FilterException e) {
            throw new FilterException(place + ": " + e.getMessage());
        }
    }

    /** Refuses attributes that the operator is never asked of. */
    private Attribute fitting(Attribute attribute) {
        switch (this) {
            case LIKE, ILIKE -> Operands.requireTexts(attribute);
            case EXISTS, CONTAINS -> Operands.requirePath(attribute, text());
            default -> {}
        }
        return attribute;
    }

    private Filter filter(Attribute attribute, Operand operand, FilterRules rules) {
        return switch (this) {
            case EQUALS -> equal(attribute, operand);
            case NOT_EQUALS -> new Filter.Not(equal(attribute, operand));
            case LESS -> compare(attribute, Order.LESS, operand);
            case AT_MOST -> compare(attribute, Order.AT_MOST, operand);
            case GREATER -> compare(attribute, Order.GREATER, operand);
            case AT_LEAST -> compare(attribute, Order.AT_LEAST, operand);
            case LIKE, ILIKE -> new Condition.Like(attribute, pattern(operand, rules));
            case IN -> in(attribute, operand, rules);
            case NOT_IN -> new Filter.Not(in(attribute, operand, rules));
            case IS_A -> any(operand, rules, value -> isA(attribute, value, rules));
            case EXISTS -> exists(attribute, operand);
            case CONTAINS -> contains(attribute, operand, rules);
        };
    }

    private static Filter equal(Attribute attribute, Operand operand) {
        return new Condition.Equals(attribute, operand(attribute, operand.single("one value")));
    }

    private static Filter compare(Attribute attribute, Order order, Operand operand) {
        return new Condition.Compare(attribute, order, operand(attribute, operand.single("one value")));
    }

    /** The event's own time is compared with what names one; a column of JSON only with what was marked as a time. */
    private static Value operand(Attribute attribute, Value value) {
        return attribute == Attribute.AT ? Condition.asTime(value) : value;
    }

    private LikePattern pattern(Operand operand, FilterRules rules) {
        String text = operand.text("a pattern");
        if (text.codePointCount(0, text.length()) > rules.pattern()) {
            throw new FilterException("expected a pattern of at most " + rules.pattern() + " characters");
        }
        return LikePattern.of(text, this == ILIKE);
    }

    private static Filter in(Attribute attribute, Operand operand, FilterRules rules) {
        if (!operand.list) {
            throw new FilterException(
                    "expected a list of values, not " + operand.values.get(0).toJson());
        }
        return new Condition.In(
                attribute,
                limited(operand, rules).stream()
                        .map(value -> operand(attribute, value))
                        .toList());
    }

    private static Filter exists(Attribute attribute, Operand operand) {
        if (!(operand.single("true or false") instanceof Value.Flag flag)) {
            throw new FilterException(
                    "expected true or false, not " + operand.values.get(0).toJson());
        }
        Filter exists = new Condition.Exists((Attribute.Path) attribute);
        return flag.flag() ? exists : new Filter.Not(exists);
    }

    private static Filter contains(Attribute attribute, Operand operand, FilterRules rules) {
        if (operand.values.isEmpty()) {
            throw new FilterException("expected at least one value to contain");
        }
        return Filter.where(attribute).contains(limited(operand, rules));
    }

    private interface Each {
        Filter of(Value value);
    }

    private static Filter any(Operand operand, FilterRules rules, Each each) {
        List<Filter> filters = new ArrayList<>();
        limited(operand, rules).forEach(value -> filters.add(each.of(value)));
        return filters.size() == 1 ? filters.get(0) : new Filter.Or(filters);
    }

    private static Filter isA(Attribute attribute, Value value, FilterRules rules) {
        Optional<Filter> kind =
                value instanceof Value.Text text ? rules.kinds().isA(attribute, text.text()) : Optional.empty();
        return kind.orElseThrow(() -> new FilterException(
                (rules.kinds() == Kinds.NONE ? "no kinds are known here: " : "expected a known kind: ")
                        + FilterJson.clip(value.toJson().toString())));
    }

    private static List<Value> limited(Operand operand, FilterRules rules) {
        if (operand.values.size() > rules.operands()) {
            throw new FilterException("expected at most " + rules.operands() + " values, not " + operand.values.size());
        }
        return operand.values;
    }
}
