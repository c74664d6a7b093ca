package dev.everafter.core;

import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What an attribute holds, and what it can be compared with. Records compare by value; numbers do so whatever their scale.
 *
 * <p>Immutable and safe for use by any thread.
 */
public sealed interface Value {
    /** A string. */
    static Value of(String text) {
        return new Text(text);
    }

    /** An integer. */
    static Value of(long number) {
        return new Numeric(BigDecimal.valueOf(number));
    }

    /** A decimal number. */
    static Value of(BigDecimal number) {
        return new Numeric(number);
    }

    /** A boolean. */
    static Value of(boolean flag) {
        return new Flag(flag);
    }

    /** A point in time. */
    static Value of(Instant time) {
        return new Time(time);
    }

    /** JSON's null, and what a path finds that leads nowhere. */
    static Value absent() {
        return Null.NULL;
    }

    /** What {@code json} holds; an array or object becomes {@link Structure}. */
    static Value of(JsonValue json) {
        return switch (json.getValueType()) {
            case STRING -> new Text(((JsonString) json).getString());
            case NUMBER -> new Numeric(((JsonNumber) json).bigDecimalValue());
            case TRUE -> new Flag(true);
            case FALSE -> new Flag(false);
            case NULL -> Null.NULL;
            case ARRAY, OBJECT -> new Structure(json);
        };
    }

    /** The JSON form; a time's is the text of it. */
    JsonValue toJson();

    /** A string. Strings are ordered by code point, which is the order of their UTF-8 bytes. */
    record Text(String text) implements Value, Comparable<Text> {
        @Override
        public int compareTo(Text other) {
            int shorter = Math.min(text.length(), other.text.length());
            for (int i = 0; i < shorter; i++) {
                char mine = text.charAt(i);
                char theirs = other.text.charAt(i);
                if (mine != theirs) {
                    // Half of a pair stands for a code point beyond all that one char can hold.
                    int pair = Boolean.compare(Character.isSurrogate(mine), Character.isSurrogate(theirs));
                    return pair != 0 ? pair : Character.compare(mine, theirs);
                }
            }
            return Integer.compare(text.length(), other.text.length());
        }

        @Override
        public JsonValue toJson() {
            return FilterJson.string(text);
        }
    }

    /** A number, kept exact and without trailing zeros. */
    record Numeric(BigDecimal number) implements Value, Comparable<Numeric> {
        /** Strips the zeros that {@link BigDecimal#equals} would see. */
        public Numeric {
            number = stripped(number);
        }

        private static BigDecimal stripped(BigDecimal number) {
            try {
                return number.stripTrailingZeros();
            } catch (ArithmeticException e) {
                // An exponent that could not grow any more; no operand is that large.
                return number;
            }
        }

        @Override
        public int compareTo(Numeric other) {
            return number.compareTo(other.number);
        }

        @Override
        public JsonValue toJson() {
            return FilterJson.number(number);
        }
    }

    /** A boolean. */
    record Flag(boolean flag) implements Value {
        @Override
        public JsonValue toJson() {
            return flag ? JsonValue.TRUE : JsonValue.FALSE;
        }
    }

    /** A point in time, to the microsecond. */
    record Time(Instant time) implements Value, Comparable<Time> {
        /** Drops what is finer than a microsecond. */
        public Time {
            time = time.truncatedTo(ChronoUnit.MICROS);
        }

        @Override
        public int compareTo(Time other) {
            return time.compareTo(other.time);
        }

        @Override
        public JsonValue toJson() {
            return FilterJson.string(time.toString());
        }
    }

    /** Nothing. */
    enum Null implements Value {
        /** The one value. */
        NULL;

        @Override
        public JsonValue toJson() {
            return JsonValue.NULL;
        }
    }

    /** An array or an object; equal to no operand of this grammar. */
    record Structure(JsonValue json) implements Value {
        @Override
        public JsonValue toJson() {
            return json;
        }
    }
}
