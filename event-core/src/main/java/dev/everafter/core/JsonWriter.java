package dev.everafter.core;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Appends one JSON object to a byte array. JSON-P's generator would parse and print again the values that are here
 * already as bytes.
 */
final class JsonWriter {
    private byte[] bytes;
    private int length;
    private boolean first = true;

    JsonWriter(int expected) {
        bytes = new byte[expected];
    }

    int length() {
        return length;
    }

    JsonWriter open() {
        return put('{');
    }

    JsonWriter close() {
        return put('}');
    }

    /** A member's name, which must need no escaping. */
    JsonWriter name(String name) {
        return next().put('"').ascii(name).put('"').put(':');
    }

    /** A member's name, whatever it is. */
    JsonWriter anyName(String name) {
        return next().string(name).put(':');
    }

    private JsonWriter next() {
        if (!first) {
            put(',');
        }
        first = false;
        return this;
    }

    JsonWriter number(long number) {
        return ascii(Long.toString(number));
    }

    JsonWriter bool(boolean value) {
        return ascii(value ? "true" : "false");
    }

    JsonWriter raw(RawJson json) {
        reserve(json.length());
        json.copyTo(bytes, length);
        length += json.length();
        return this;
    }

    /** Escapes as RFC 8259, section 7 demands; an unpaired surrogate, which UTF-8 can't hold, becomes {@code ?}. */
    JsonWriter string(String text) {
        put('"');
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                plain.append('\\').append(c);
            } else if (c < ' ') {
                plain.append(String.format("\\u%04x", (int) c));
            } else {
                plain.append(c);
            }
        }
        byte[] utf8 = plain.toString().getBytes(StandardCharsets.UTF_8);
        reserve(utf8.length);
        System.arraycopy(utf8, 0, bytes, length, utf8.length);
        length += utf8.length;
        return put('"');
    }

    byte[] toByteArray() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }

    private JsonWriter ascii(String text) {
        reserve(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[length++] = (byte) text.charAt(i);
        }
        return this;
    }

    private JsonWriter put(char c) {
        reserve(1);
        bytes[length++] = (byte) c;
        return this;
    }

    private void reserve(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
        }
    }
}
