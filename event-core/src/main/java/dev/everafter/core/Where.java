package dev.everafter.core;

import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * Completes a condition that {@link Filter#where} has begun. Each method refuses, by a {@link FilterException}, what the
 * attribute can never hold.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class Where {
    private final Attribute attribute;

    Where(Attribute attribute) {
        this.attribute = attribute;
    }

    /** It is this string. */
    public Filter is(String text) {
        return is(Value.of(text));
    }

    /** It is this number. */
    public Filter is(long number) {
        return is(Value.of(number));
    }

    /** It is this boolean. */
    public Filter is(boolean flag) {
        return is(Value.of(flag));
    }

    /** It is {@code value}. */
    public Filter is(Value value) {
        return new Condition.Equals(attribute, value);
    }

    /** It is null, or isn't there. */
    public Filter isNull() {
        return is(Value.absent());
    }

    /** It is one of these strings. */
    public Filter in(String... texts) {
        return in(Arrays.stream(texts).map(Value::of).toList());
    }

    /** It is one of {@code values}. */
    public Filter in(Collection<? extends Value> values) {
        return new Condition.In(attribute, values);
    }

    /** It is a smaller number. */
    public Filter lessThan(long number) {
        return compare(Condition.Order.LESS, Value.of(number));
    }

    /** It is this number, or a smaller one. */
    public Filter atMost(long number) {
        return compare(Condition.Order.AT_MOST, Value.of(number));
    }

    /** It is a larger number. */
    public Filter greaterThan(long number) {
        return compare(Condition.Order.GREATER, Value.of(number));
    }

    /** It is this number, or a larger one. */
    public Filter atLeast(long number) {
        return compare(Condition.Order.AT_LEAST, Value.of(number));
    }

    /** It is a time before this one. */
    public Filter before(Instant time) {
        return compare(Condition.Order.LESS, Value.of(time));
    }

    /** It is this time, or a later one. */
    public Filter since(Instant time) {
        return compare(Condition.Order.AT_LEAST, Value.of(time));
    }

    /** It stands in this order to {@code value}: a string, a number or a time. */
    public Filter compare(Condition.Order order, Value value) {
        return new Condition.Compare(attribute, order, value);
    }

    /** It is a string that matches this SQL pattern. */
    public Filter like(String pattern) {
        return new Condition.Like(attribute, LikePattern.of(pattern, false));
    }

    /** It is a string that matches this SQL pattern but for case. */
    public Filter ilike(String pattern) {
        return new Condition.Like(attribute, LikePattern.of(pattern, true));
    }

    /** It is there, be it as a null. */
    public Filter exists() {
        return new Condition.Exists(Operands.requirePath(attribute, "exists"));
    }

    /** It is an array with all of these strings, an object with members of these names, or the one string itself. */
    public Filter contains(String... texts) {
        return contains(Arrays.stream(texts).map(Value::of).toList());
    }

    /** The same for strings and numbers. */
    public Filter contains(Collection<? extends Value> values) {
        Attribute.Path path = Operands.requirePath(attribute, "contains");
        List<Filter> each = values.stream()
                .map(value -> (Filter) new Condition.Contains(path, value))
                .toList();
        return each.size() == 1 ? each.get(0) : new Filter.And(each);
    }
}
