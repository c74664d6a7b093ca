package dev.everafter.core;

import jakarta.json.JsonNumber;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.math.BigDecimal;
import java.time.Instant;

/** What an attribute can be compared with. Records compare by value; numbers do so whatever their scale. */
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

    /** The operand's wire form. */
    JsonValue toJson();

    /** A string. */
    record Text(String text) implements Value {
        @Override
        public JsonValue toJson() {
            return FilterJson.string(text);
        }
    }

    /** A number, kept exact and without trailing zeros. */
    record Numeric(BigDecimal number) implements Value {
        /** Strips the zeros that {@link BigDecimal#equals} would see. */
        public Numeric {
            number = number.stripTrailingZeros();
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

    /** A point in time. */
    record Time(Instant time) implements Value {
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
