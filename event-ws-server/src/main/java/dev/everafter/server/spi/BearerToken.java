package dev.everafter.server.spi;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A token as a client showed it (RFC 6750): visible ASCII, at most {@value #MAX_LENGTH} characters. It shows itself to
 * nobody who doesn't ask for its {@link #value()}, so it can't get into a log by way of a message or an exception.
 *
 * <p>Two are equal if their values are; the time that comparing takes says nothing about where they differ.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class BearerToken {
    /** The most characters of a token. */
    public static final int MAX_LENGTH = 8192;

    private final String value;

    private BearerToken(String value) {
        this.value = value;
    }

    /** Empty if {@code text} can't be a token: it is empty, too long, or has a character that no header may. */
    public static Optional<BearerToken> parse(String text) {
        boolean token =
                !text.isEmpty() && text.length() <= MAX_LENGTH && text.chars().allMatch(c -> c > ' ' && c <= '~');
        return token ? Optional.of(new BearerToken(text)) : Optional.empty();
    }

    /** A new token of 256 random bits, which begins with {@code ea_} so that it is known for one where it is found. */
    public static BearerToken random(SecureRandom random) {
        byte[] bits = new byte[32];
        random.nextBytes(bits);
        return new BearerToken("ea_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bits));
    }

    /** The token itself: never to be logged. */
    public String value() {
        return value;
    }

    /** The SHA-256 of the token, as 64 lower-case hexadecimal digits. */
    public String sha256() {
        return HexFormat.of().formatHex(digest());
    }

    private byte[] digest() {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private byte[] bytes() {
        return value.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BearerToken token && MessageDigest.isEqual(bytes(), token.bytes());
    }

    @Override
    public int hashCode() {
        return value.hashCode();
    }

    @Override
    public String toString() {
        return "(hidden)";
    }
}
