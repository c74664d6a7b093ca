package dev.everafter.core;

import jakarta.json.JsonException;
import jakarta.json.JsonString;
import java.nio.charset.StandardCharsets;
import java.util.function.BiConsumer;

/**
 * Finds where the members of a JSON object lie (RFC 8259), in one pass over its bytes, without reading their values. Of
 * two members of one name the last counts, as in {@code jsonb}.
 *
 * <p>What brackets, quotes and commas don't tell is left to whoever reads the value. For one thread.
 */
final class JsonScan {
    private final byte[] bytes;
    private final int end;
    private int at;

    private JsonScan(byte[] bytes, int offset, int length) {
        this.bytes = bytes;
        this.end = offset + length;
        this.at = offset;
    }

    /** In their order; none of what is no object. */
    static void members(byte[] bytes, int offset, int length, BiConsumer<String, RawJson> found) {
        new JsonScan(bytes, offset, length).members(found);
    }

    private void members(BiConsumer<String, RawJson> found) {
        if (!skip('{')) {
            return;
        }
        if (!skip('}')) {
            do {
                String name = name();
                require(':');
                next();
                int from = at;
                skipValue();
                found.accept(name, RawJson.slice(bytes, from, at - from));
            } while (skip(','));
            require('}');
        }
        skipBlanks();
        if (at < end) {
            throw broken();
        }
    }

    private String name() {
        if (next() != '"') {
            throw broken();
        }
        int from = at;
        boolean escapes = skipString();
        return escapes
                ? ((JsonString) RawJson.slice(bytes, from, at - from).parse()).getString()
                : new String(bytes, from + 1, at - from - 2, StandardCharsets.UTF_8);
    }

    /** A number or a word ends where something else begins. */
    private void skipValue() {
        int depth = 0;
        do {
            switch (next()) {
                case '"' -> skipString();
                case '{', '[' -> {
                    depth++;
                    at++;
                }
                case '}', ']' -> {
                    depth--;
                    at++;
                }
                case ',', ':' -> at++;
                default -> skipWord();
            }
        } while (depth > 0);
    }

    private void skipWord() {
        do {
            at++;
        } while (at < end && !isBlank(bytes[at]) && ",:\"]}".indexOf(bytes[at]) < 0);
    }

    /** Whether it has escapes. */
    private boolean skipString() {
        boolean escapes = false;
        for (at++; at < end; at++) {
            if (bytes[at] == '"') {
                at++;
                return escapes;
            }
            if (bytes[at] == '\\') {
                escapes = true;
                at++;
            }
        }
        throw broken();
    }

    private boolean skip(char wanted) {
        boolean found = next() == wanted;
        at += found ? 1 : 0;
        return found;
    }

    private void require(char wanted) {
        if (!skip(wanted)) {
            throw broken();
        }
    }

    /** What comes after blanks. */
    private byte next() {
        skipBlanks();
        if (at == end) {
            throw broken();
        }
        return bytes[at];
    }

    private void skipBlanks() {
        while (at < end && isBlank(bytes[at])) {
            at++;
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    private JsonException broken() {
        return new JsonException("no JSON object, " + (end - at) + " bytes before its end");
    }
}
