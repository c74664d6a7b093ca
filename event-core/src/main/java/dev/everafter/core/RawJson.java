package dev.everafter.core;

import jakarta.json.JsonException;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import jakarta.json.stream.JsonParser;
import jakarta.json.stream.JsonParserFactory;
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * One JSON value kept as the UTF-8 bytes it was written in: delivering it costs a copy, and only a filter that asks for
 * it pays for parsing.
 *
 * <p>The text is trusted to be valid JSON (RFC 8259) when it comes from a log; {@link #parse()} tells if it is not.
 * Equality is that of the text, so {@code {"a":1}} and {@code {"a": 1}} differ.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class RawJson {
    // A static Json.createParser() looks its provider up on every call. Parsson by itself refuses numbers of more than
    // 1,100 digits, which a database may hold; but the time to read one grows with the square of its length.
    private static final JsonParserFactory PARSERS =
            JsonProvider.provider().createParserFactory(Map.of("org.eclipse.parsson.maxBigDecimalLength", 10_000));

    private final byte[] bytes;
    private final int offset;
    private final int length;

    private RawJson(byte[] bytes, int offset, int length) {
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
    }

    /** The value that {@code text} spells. */
    public static RawJson of(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return new RawJson(utf8, 0, utf8.length);
    }

    /** The value spelled by a copy of {@code utf8}. */
    public static RawJson ofUtf8(byte[] utf8) {
        return new RawJson(utf8.clone(), 0, utf8.length);
    }

    /** The value spelled by JSON-P's compact form of {@code value}. */
    public static RawJson of(JsonValue value) {
        return of(value.toString());
    }

    static RawJson slice(byte[] shared, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, shared.length);
        return new RawJson(shared, offset, length);
    }

    /** The length of the text in bytes. */
    public int length() {
        return length;
    }

    /** A copy of the text. */
    public byte[] toByteArray() {
        return Arrays.copyOfRange(bytes, offset, offset + length);
    }

    /** Copies the text into {@code target}, to {@code at} and after it. */
    public void copyTo(byte[] target, int at) {
        System.arraycopy(bytes, offset, target, at, length);
    }

    /**
     * Parses the text anew on every call.
     *
     * @throws JsonException if the text is not one JSON value, or nests deeper than 1,000 levels, or has a number of more
     *     than 10,000 digits
     */
    public JsonValue parse() {
        return read(PARSERS.createParser(new ByteArrayInputStream(bytes, offset, length), StandardCharsets.UTF_8));
    }

    /**
     * Tells an object's members in their order, found in one pass and not parsed; none of what is no object. Of two with
     * one name the later counts.
     *
     * @throws JsonException if it begins as an object, and its members can't be told from each other
     */
    void members(BiConsumer<String, RawJson> found) {
        JsonScan.members(bytes, offset, length, found);
    }

    /**
     * The object with those of its members alone that have one of {@code names}, their values as they are; empty if it is
     * no object.
     *
     * @throws JsonException if it begins as an object, and its members can't be told from each other
     */
    public Optional<RawJson> only(Set<String> names) {
        if (first() != '{') {
            return Optional.empty();
        }
        JsonWriter json = new JsonWriter(length).open();
        members((name, value) -> {
            if (names.contains(name)) {
                json.anyName(name).raw(value);
            }
        });
        byte[] kept = json.close().toByteArray();
        return Optional.of(slice(kept, 0, kept.length));
    }

    /** The first byte that is no blank, which tells what kind of value it is; a blank if there is none. */
    byte first() {
        byte first = ' ';
        for (int i = offset; i < offset + length && first <= ' '; i++) {
            first = bytes[i];
        }
        return first;
    }

    static JsonValue parse(String text) {
        return read(PARSERS.createParser(new StringReader(text)));
    }

    private static JsonValue read(JsonParser opened) {
        try (JsonParser parser = opened) {
            parser.next();
            JsonValue value = parser.getValue();
            if (parser.hasNext()) {
                throw new JsonException("more than one value");
            }
            return value;
        } catch (JsonException e) {
            throw e;
        } catch (RuntimeException e) {
            // how Parsson tells that its limits are passed
            throw new JsonException(e.toString(), e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RawJson that
                && Arrays.equals(bytes, offset, offset + length, that.bytes, that.offset, that.offset + that.length);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = offset; i < offset + length; i++) {
            hash = 31 * hash + bytes[i];
        }
        return hash;
    }

    /** The text itself. */
    @Override
    public String toString() {
        return new String(bytes, offset, length, StandardCharsets.UTF_8);
    }
}
