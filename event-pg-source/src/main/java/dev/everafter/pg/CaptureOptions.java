package dev.everafter.pg;

import dev.everafter.core.RawJson;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a table is captured. The names are those of the SQL function {@code everafter.capture} and of {@code everafter
 * capture}; docs/capture.md explains them and gives their costs. What is not set keeps its default.
 *
 * <p>The database checks them when the table is captured, since only it knows the table.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class CaptureOptions {
    private static final CaptureOptions DEFAULTS = builder().build();

    /** The kind of trigger. */
    public enum Form {
        /** Cheaper where a statement changes more than a few rows; the default where it misses nothing. */
        STATEMENT,
        /** Cheaper for statements that change one row, and right whatever the table becomes later. */
        ROW
    }

    /** What an update keeps of the row as it was. A delete always keeps all of it. */
    public enum Old {
        /** The whole row. The cheapest for the writer that has both images, and the default. */
        FULL,
        /** The columns that changed. */
        CHANGED,
        /** Nothing: who follows a condition on a column is not told of rows that no longer meet it. */
        NONE
    }

    private final JsonObject json;

    private CaptureOptions(JsonObject json) {
        this.json = json;
    }

    /** Everything at its default. */
    public static CaptureOptions defaults() {
        return DEFAULTS;
    }

    /** Starts with everything at its default. */
    public static Builder builder() {
        return new Builder();
    }

    /** As the SQL function takes them. */
    RawJson toJson() {
        return RawJson.of(json);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CaptureOptions that && json.equals(that.json);
    }

    @Override
    public int hashCode() {
        return json.hashCode();
    }

    /** The options as JSON. */
    @Override
    public String toString() {
        return json.toString();
    }

    /** Builds {@link CaptureOptions}. Not safe for use by several threads. */
    public static final class Builder {
        private static final JsonProvider JSON = JsonProvider.provider();

        private final Map<String, JsonValue> options = new TreeMap<>();

        private Builder() {}

        /** The kind of trigger; by default the one that misses nothing on this table, {@link Form#STATEMENT} if both do. */
        public Builder form(Form form) {
            options.put("form", name(form));
            return this;
        }

        /** The columns to keep, with those of the key; by default all, also those that are added later. */
        public Builder columns(String... columns) {
            options.put("columns", list(columns));
            return this;
        }

        /** The columns to leave out; by default none. */
        public Builder without(String... columns) {
            options.put("without", list(columns));
            return this;
        }

        /** What an update keeps of the row as it was; by default {@link Old#FULL}. */
        public Builder old(Old old) {
            options.put("old", name(old));
            return this;
        }

        /** Whether updates that change none of the kept columns are events; by default they are. */
        public Builder unchanged(boolean kept) {
            options.put("unchanged", kept ? JsonValue.TRUE : JsonValue.FALSE);
            return this;
        }

        /** The columns that tell rows apart; by default those of the primary key. */
        public Builder key(String... columns) {
            options.put("key", list(columns));
            return this;
        }

        /** The unique index whose columns tell rows apart, instead of the primary key. */
        public Builder index(String name) {
            options.put("index", JSON.createValue(name));
            return this;
        }

        /** The SQL condition on {@code new} and {@code old} under which a change is an event; by default every change is. */
        public Builder when(String condition) {
            options.put("when", JSON.createValue(condition));
            return this;
        }

        /** The events' topic; by default {@code schema.table}, as the table is called when it is captured. */
        public Builder topic(String topic) {
            options.put("topic", JSON.createValue(topic));
            return this;
        }

        /** The bytes above which a column's value is left out with a mark: 1,024 to 33,554,432; by default 1,048,576. */
        public Builder limit(int bytes) {
            options.put("limit", JSON.createValue(bytes));
            return this;
        }

        /** The options so far. */
        public CaptureOptions build() {
            JsonObjectBuilder built = JSON.createObjectBuilder();
            options.forEach(built::add);
            return new CaptureOptions(built.build());
        }

        private static JsonValue name(Enum<?> value) {
            return JSON.createValue(value.name().toLowerCase(Locale.ROOT));
        }

        private static JsonValue list(String... names) {
            return JSON.createArrayBuilder(List.of(names)).build();
        }
    }
}
