package dev.everafter.core;

import java.math.BigDecimal;

/**
 * What conditions can be asked of which attributes. What never could be true, or has no form on the wire or in a database,
 * is refused when a filter is made, so no evaluator has to cope with it. Stateless.
 */
final class Operands {
    /** Stands for topic, type, and the columns of key and data, with {@code like} and {@code ilike}. */
    static final String ANY = "any";

    /** PostgreSQL manual, "Numeric Types": what no column can hold is no operand. */
    private static final int DIGITS_BEFORE_POINT = 131_072;

    private static final int DIGITS_AFTER_POINT = 16_383;

    private Operands() {}

    static void requireEqualable(Attribute attribute, Value value) {
        requireOperand(value);
        boolean fits = value == Value.absent()
                || attribute instanceof Attribute.Path
                || ((Attribute.Member) attribute).holds(value);
        if (!fits) {
            throw cannotBe(attribute, value);
        }
    }

    static void requireOrdered(Attribute attribute, Value value) {
        requireOperand(value);
        if (value instanceof Value.Flag || value == Value.absent()) {
            throw new FilterException("expected a string, number or time to compare with, not " + value.toJson());
        }
        if (attribute instanceof Attribute.Member member && !member.holds(value)) {
            throw cannotBe(attribute, value);
        }
    }

    private static FilterException cannotBe(Attribute attribute, Value value) {
        return new FilterException("\"" + attribute.text() + "\" can't be "
                + FilterJson.clip(value.toJson().toString()) + ": expected "
                + switch ((Attribute.Member) attribute) {
                    case TOPIC, TYPE -> "a string";
                    case ID -> "a number";
                    case AT -> "a time such as 2026-11-24T00:00:00Z";
                });
    }

    static void requireTexts(Attribute attribute) {
        if (attribute == Attribute.ID || attribute == Attribute.AT) {
            throw new FilterException(
                    "\"" + attribute.text() + "\" is no string: expected another attribute for a pattern");
        }
    }

    static void requireContainable(Value value) {
        requireOperand(value);
        if (!(value instanceof Value.Text) && !(value instanceof Value.Numeric)) {
            throw new FilterException("expected a string or a number to contain, not " + value.toJson());
        }
    }

    static Attribute.Path requirePath(Attribute attribute, String operator) {
        if (attribute instanceof Attribute.Path path) {
            return path;
        }
        throw new FilterException(
                "\"" + attribute.text() + "\" holds no JSON: expected a path such as data.column for " + operator);
    }

    private static void requireOperand(Value value) {
        if (value instanceof Value.Structure) {
            throw new FilterException("expected a string, number, boolean, time or null, not "
                    + FilterJson.clip(value.toJson().toString()));
        }
        if (value instanceof Value.Text text) {
            FilterJson.requireText(text.text());
        }
        if (value instanceof Value.Numeric numeric) {
            BigDecimal number = numeric.number();
            if ((long) number.precision() - number.scale() > DIGITS_BEFORE_POINT
                    || number.scale() > DIGITS_AFTER_POINT) {
                throw new FilterException("expected a number with at most " + DIGITS_BEFORE_POINT
                        + " digits before and " + DIGITS_AFTER_POINT + " after the point");
            }
        }
        if (value instanceof Value.Time time) {
            String text = time.time().toString();
            if (text.charAt(4) != '-' || text.startsWith("0000")) {
                throw new FilterException("expected a time in the years 1 to 9999, not " + text);
            }
        }
    }
}
