package dev.everafter.server.standalone;

/**
 * Whether bytes are UTF-8 (RFC 3629, section 4), told at the first one that can't be: nothing overlong, no surrogates,
 * nothing beyond U+10FFFF. The bytes may come in any portions.
 *
 * <p>Not safe for use by several threads.
 */
final class Utf8Check {
    private int missing;
    private int low;
    private int high;

    /** Whether the bytes until now, with {@code next}, can begin a text. */
    boolean accept(byte next) {
        int value = next & 0xff;
        if (missing == 0) {
            return value < 0x80 || lead(value);
        }
        boolean valid = value >= low && value <= high;
        low = 0x80;
        high = 0xbf;
        missing--;
        return valid;
    }

    private boolean lead(int value) {
        missing = value >= 0xf0 ? 3 : value >= 0xe0 ? 2 : 1;
        // Only what follows these four is narrower than what follows all others.
        low = value == 0xe0 ? 0xa0 : value == 0xf0 ? 0x90 : 0x80;
        high = value == 0xed ? 0x9f : value == 0xf4 ? 0x8f : 0xbf;
        return value >= 0xc2 && value <= 0xf4;
    }

    /** Whether the last character is whole. */
    boolean isComplete() {
        return missing == 0;
    }
}
