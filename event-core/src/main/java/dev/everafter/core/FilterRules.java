package dev.everafter.core;

import java.util.Objects;

/**
 * What a filter that comes from outside may be: how large, and what {@code is_a} means in it. Whatever passes is matched
 * in time and memory that these limits bound.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class FilterRules {
    /** With the defaults of {@link Builder}. */
    public static final FilterRules DEFAULT = builder().build();

    private final int depth;
    private final int conditions;
    private final int operands;
    private final int pattern;
    private final Kinds kinds;

    private FilterRules(Builder builder) {
        this.depth = builder.depth;
        this.conditions = builder.conditions;
        this.operands = builder.operands;
        this.pattern = builder.pattern;
        this.kinds = builder.kinds;
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** How deep {@code and}, {@code or} and {@code not} may nest. */
    public int depth() {
        return depth;
    }

    /** The most conditions in one filter. */
    public int conditions() {
        return conditions;
    }

    /** The most values in one list. */
    public int operands() {
        return operands;
    }

    /** The most characters of a pattern. */
    public int pattern() {
        return pattern;
    }

    /** What {@code is_a} means. */
    public Kinds kinds() {
        return kinds;
    }

    /**
     * Describes {@link FilterRules}. Not safe for use by several threads; {@link #build()} copies.
     *
     * <p>Defaults: {@code depth} 32, {@code conditions} 1,000, {@code operands} 10,000, {@code pattern} 1,000, no kinds.
     */
    public static final class Builder {
        private int depth = 32;
        private int conditions = 1_000;
        private int operands = 10_000;
        private int pattern = 1_000;
        private Kinds kinds = Kinds.NONE;

        private Builder() {}

        /** How deep {@code and}, {@code or} and {@code not} may nest, 0 to 200; 32 by default. */
        public Builder depth(int levels) {
            this.depth = between(0, 200, levels, "depth");
            return this;
        }

        /** The most conditions in one filter, at least 1; 1,000 by default. */
        public Builder conditions(int most) {
            this.conditions = between(1, Integer.MAX_VALUE, most, "conditions");
            return this;
        }

        /** The most values in one list, at least 1; 10,000 by default. */
        public Builder operands(int most) {
            this.operands = between(1, Integer.MAX_VALUE, most, "operands");
            return this;
        }

        /** The most characters of a {@code like} or {@code ilike} pattern, at least 1; 1,000 by default. */
        public Builder pattern(int characters) {
            this.pattern = between(1, Integer.MAX_VALUE, characters, "pattern");
            return this;
        }

        /** What {@code is_a} means; by default it is refused. */
        public Builder kinds(Kinds kinds) {
            this.kinds = Objects.requireNonNull(kinds, "kinds");
            return this;
        }

        /** The rules. */
        public FilterRules build() {
            return new FilterRules(this);
        }

        private static int between(int least, int most, int value, String name) {
            if (value < least || value > most) {
                throw new IllegalArgumentException(name + " " + value + " is not in " + least + ".." + most);
            }
            return value;
        }
    }
}
