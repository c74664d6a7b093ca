package dev.everafter.core;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One committed event of a log, encoded once: {@link #item()} is its wire form, and key, data and old are slices of the
 * same bytes, so an event shared by any number of subscribers is one array.
 *
 * <p>An event of a captured row has images. An insert has {@code data}; an update has {@code data} (after) and
 * {@code old} (the row before, or only those of its columns that changed); a delete has {@code old} alone, the whole row.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class Event {
    private static final DateTimeFormatter MICROS =
            new DateTimeFormatterBuilder().appendInstant(6).toFormatter().withZone(ZoneOffset.UTC);
    /** What the object and its place in the tail cost beyond the encoded bytes; measured roughly, on the safe side. */
    private static final int OVERHEAD = 256;
    /** All there may be, so that it doesn't tell what there is. */
    private static final RawJson OMITTED = RawJson.of("[\"key\",\"data\",\"old\"]");

    private final long id;
    private final Instant at;
    private final String topic;
    private final String type;
    private final @Nullable RawJson key;
    private final @Nullable RawJson data;
    private final @Nullable RawJson old;
    private final @Nullable String tx;
    private final boolean last;
    private final boolean left;
    private final boolean omitted;
    private final RawJson item;

    private Event(Builder builder) {
        this.id = Position.requireId(builder.id);
        this.at = builder.at.truncatedTo(ChronoUnit.MICROS);
        this.topic = builder.topic;
        this.type = builder.type;
        this.tx = builder.tx;
        this.last = builder.last;
        this.left = builder.left;
        this.omitted = builder.omitted;

        JsonWriter json = new JsonWriter(160 + length(builder.key) + length(builder.data) + length(builder.old));
        json.open().name("id").number(id).name("at").string(MICROS.format(at));
        json.name("topic").string(topic).name("type").string(type);
        int keyAt = put(json, "key", builder.key);
        int dataAt = put(json, "data", builder.data);
        int oldAt = put(json, "old", builder.old);
        if (tx != null) {
            json.name("tx").string(tx);
        }
        json.name("last").bool(last);
        if (left) {
            json.name("left").bool(true);
        }
        if (omitted) {
            json.name("omitted").raw(OMITTED).name("bytes").number(0);
        }
        byte[] bytes = json.close().toByteArray();
        this.item = RawJson.slice(bytes, 0, bytes.length);
        this.key = slice(bytes, keyAt, builder.key);
        this.data = slice(bytes, dataAt, builder.data);
        this.old = slice(bytes, oldAt, builder.old);
    }

    private static int length(@Nullable RawJson json) {
        return json == null ? 0 : json.length() + 8;
    }

    private static int put(JsonWriter json, String name, @Nullable RawJson value) {
        if (value == null) {
            return 0;
        }
        json.name(name);
        int at = json.length();
        json.raw(value);
        return at;
    }

    private static @Nullable RawJson slice(byte[] bytes, int at, @Nullable RawJson source) {
        return source == null ? null : RawJson.slice(bytes, at, source.length());
    }

    /** Starts an event of {@code topic} and {@code type} with the id {@code id}. */
    public static Builder builder(long id, String topic, String type) {
        return new Builder(id, topic, type);
    }

    /** The event's place in the log, 0..{@link Position#MAX_ID}. */
    public long id() {
        return id;
    }

    /** When its transaction committed, to the microsecond, by the database's clock; not strictly growing. */
    public Instant at() {
        return at;
    }

    /** What it is about: {@code schema.table} for a captured table. */
    public String topic() {
        return topic;
    }

    /** What happened: {@code insert}, {@code update}, {@code delete}, {@code truncate}, or the emitter's own word. */
    public String type() {
        return type;
    }

    /** The row's key, an object of its key columns. */
    public Optional<RawJson> key() {
        return Optional.ofNullable(key);
    }

    /** The row after the change, or what was emitted. */
    public Optional<RawJson> data() {
        return Optional.ofNullable(data);
    }

    /** The row before a delete or update; of an update perhaps only the columns that changed. */
    public Optional<RawJson> old() {
        return Optional.ofNullable(old);
    }

    /** The transaction's own name in its database; equal for the events of one transaction. */
    public Optional<String> tx() {
        return Optional.ofNullable(tx);
    }

    /** Whether it is the last event of its transaction (of its segment, where SET CONSTRAINTS splits one). */
    public boolean last() {
        return last;
    }

    /** Whether it only says that a row no longer matches: it carries the key alone. */
    public boolean left() {
        return left;
    }

    /** The event as one JSON object, as protocol v1 sends it. */
    public RawJson item() {
        return item;
    }

    /** What keeping the event in memory costs, in bytes. */
    public int size() {
        return item.length() + OVERHEAD;
    }

    /** The same event without its {@code old}, for those who may not see the image before. */
    Event withoutOld() {
        return toBuilder().old(null).build();
    }

    /** The same event as the farewell of {@code key}, with nothing else in it. */
    Event leaving(@Nullable RawJson key) {
        Builder builder = toBuilder().key(key).data(null).old(null);
        builder.left = true;
        return builder.build();
    }

    private Builder toBuilder() {
        return new Builder(id, topic, type)
                .at(at)
                .key(key)
                .data(data)
                .old(old)
                .tx(tx)
                .last(last)
                .omitted(omitted);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Event that && item.equals(that.item);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(id);
    }

    /** {@link #item()} as text. */
    @Override
    public String toString() {
        return item.toString();
    }

    /** Builds one {@link Event}; what is not set is absent. Not safe for use by several threads. */
    public static final class Builder {
        private final long id;
        private final String topic;
        private final String type;
        private Instant at = Instant.EPOCH;
        private @Nullable RawJson key;
        private @Nullable RawJson data;
        private @Nullable RawJson old;
        private @Nullable String tx;
        private boolean last;
        private boolean left;
        private boolean omitted;

        private Builder(long id, String topic, String type) {
            this.id = id;
            this.topic = Objects.requireNonNull(topic, "topic");
            this.type = Objects.requireNonNull(type, "type");
        }

        /** The time of commit, kept to the microsecond; the Unix epoch if not set. */
        public Builder at(Instant at) {
            this.at = Objects.requireNonNull(at, "at");
            return this;
        }

        /** The key. */
        public Builder key(@Nullable RawJson key) {
            this.key = key;
            return this;
        }

        /** The image after. */
        public Builder data(@Nullable RawJson data) {
            this.data = data;
            return this;
        }

        /** The image before. */
        public Builder old(@Nullable RawJson old) {
            this.old = old;
            return this;
        }

        /** The transaction. */
        public Builder tx(@Nullable String tx) {
            this.tx = tx;
            return this;
        }

        /** Whether it ends its transaction. */
        public Builder last(boolean last) {
            this.last = last;
            return this;
        }

        /** For clients that read one off the wire: whether it only says that a row no longer matches. */
        public Builder left(boolean left) {
            this.left = left;
            return this;
        }

        /** Whether it says that key, data and old are left out, whether it had any or not: they can't be shown. */
        public Builder omitted(boolean omitted) {
            this.omitted = omitted;
            return this;
        }

        /** @throws IllegalArgumentException if the id is out of range */
        public Event build() {
            return new Event(this);
        }
    }
}
