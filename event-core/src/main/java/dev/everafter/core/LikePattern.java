package dev.everafter.core;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An SQL pattern: {@code %} stands for any characters, {@code _} for any one, and {@code \} takes the next one as it is. A
 * character is a Unicode code point. Where case is ignored, two are the same that Unicode's simple mappings make the same,
 * whatever the locale: {@code toLowerCase(toUpperCase(c))}.
 *
 * <p>Matching takes one pass over the text, whatever the pattern: each step moves all states between two {@code %} at
 * once, 64 to a word (Shift-And; Baeza-Yates and Gonnet 1992). Nothing is ever tried again.
 *
 * <p>Patterns that are equal but for needless escapes, the order of wildcards, and case where it is ignored, are equal.
 * Immutable and safe for use by any thread.
 */
public final class LikePattern {
    private static final int ANY = -2;
    private static final int ANY_ONE = -1;

    private final boolean ignoreCase;
    private final int[] tokens;
    private final List<Run> runs;

    private LikePattern(int[] tokens, boolean ignoreCase) {
        this.ignoreCase = ignoreCase;
        this.tokens = tokens;
        this.runs = runs(tokens);
    }

    /** @throws FilterException if {@code pattern} ends in the middle of an escape, or is no Unicode text */
    public static LikePattern of(String pattern, boolean ignoreCase) {
        FilterJson.requireText(pattern);
        int[] characters = pattern.codePoints().toArray();
        int[] tokens = new int[characters.length];
        int length = 0;
        for (int i = 0; i < characters.length; i++) {
            int c = characters[i];
            if (c == '%') {
                if (length == 0 || tokens[length - 1] != ANY) {
                    tokens[length++] = ANY;
                }
            } else if (c == '_') {
                // %_ is _%
                boolean swap = length > 0 && tokens[length - 1] == ANY;
                tokens[length++] = ANY_ONE;
                if (swap) {
                    tokens[length - 2] = ANY_ONE;
                    tokens[length - 1] = ANY;
                }
            } else {
                if (c == '\\' && ++i == characters.length) {
                    throw new FilterException("expected a character after the \"\\\" that ends the pattern");
                }
                tokens[length++] = ignoreCase ? fold(characters[i]) : characters[i];
            }
        }
        return new LikePattern(Arrays.copyOf(tokens, length), ignoreCase);
    }

    static int fold(int codePoint) {
        return Character.toLowerCase(Character.toUpperCase(codePoint));
    }

    /** What stands between the {@code %}s: one more than there are of them. */
    private List<Run> runs(int[] tokens) {
        List<Run> runs = new ArrayList<>();
        int from = 0;
        for (int at = 0; at <= tokens.length; at++) {
            if (at == tokens.length || tokens[at] == ANY) {
                runs.add(new Run(Arrays.copyOfRange(tokens, from, at)));
                from = at + 1;
            }
        }
        return List.copyOf(runs);
    }

    /** Whether case makes no difference. */
    public boolean ignoreCase() {
        return ignoreCase;
    }

    /** The shortest pattern that is equal to this one. */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (int token : tokens) {
            if (token == ANY) {
                text.append('%');
            } else if (token == ANY_ONE) {
                text.append('_');
            } else {
                text.append(token == '%' || token == '_' || token == '\\' ? "\\" : "")
                        .appendCodePoint(token);
            }
        }
        return text.toString();
    }

    /** The one text that matches, if there is only one. */
    Optional<String> literal() {
        return !ignoreCase && Arrays.stream(tokens).allMatch(token -> token >= 0)
                ? Optional.of(new String(tokens, 0, tokens.length))
                : Optional.empty();
    }

    /** Whether the whole of {@code text} matches. */
    public boolean matches(String text) {
        int at = runs.get(0).matchForwards(text);
        if (runs.size() == 1 || at < 0) {
            return at == text.length();
        }
        int end = runs.get(runs.size() - 1).matchBackwards(text, at);
        if (end < 0) {
            return false;
        }
        for (Run run : runs.subList(1, runs.size() - 1)) {
            at = run.find(text, at, end);
            if (at < 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LikePattern that && ignoreCase == that.ignoreCase && Arrays.equals(tokens, that.tokens);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(tokens);
    }

    /** {@link #text()}. */
    @Override
    public String toString() {
        return text();
    }

    /** Characters, each a certain one or any one. Its place in the text is searched from the left, and never reconsidered. */
    private final class Run {
        private final int[] run;
        private final long[] anyOnes;
        /** For each character the places where it may stand. */
        private final Map<Integer, long[]> places = new HashMap<>();

        Run(int[] run) {
            this.run = run;
            this.anyOnes = new long[(run.length + 63) / 64];
            for (int i = 0; i < run.length; i++) {
                if (run[i] == ANY_ONE) {
                    set(anyOnes, i);
                }
            }
            for (int i = 0; i < run.length; i++) {
                if (run[i] != ANY_ONE) {
                    set(places.computeIfAbsent(run[i], c -> anyOnes.clone()), i);
                }
            }
        }

        private static void set(long[] bits, int bit) {
            bits[bit >> 6] |= 1L << bit;
        }

        /** Where it ends if the text begins with it, else -1. */
        int matchForwards(String text) {
            int at = 0;
            for (int wanted : run) {
                if (at == text.length() || !accepts(wanted, text.codePointAt(at))) {
                    return -1;
                }
                at += Character.charCount(text.codePointAt(at));
            }
            return at;
        }

        /** Where it begins if the text ends with it, not before {@code from}; else -1. */
        int matchBackwards(String text, int from) {
            int at = text.length();
            for (int i = run.length - 1; i >= 0; i--) {
                if (at <= from || !accepts(run[i], text.codePointBefore(at))) {
                    return -1;
                }
                at -= Character.charCount(text.codePointBefore(at));
            }
            return at < from ? -1 : at;
        }

        private boolean accepts(int wanted, int codePoint) {
            return wanted == ANY_ONE || wanted == folded(codePoint);
        }

        /** Where its first match between {@code from} and {@code to} ends; -1 without one. */
        int find(String text, int from, int to) {
            long[] states = new long[anyOnes.length];
            for (int at = from; at < to; ) {
                int codePoint = text.codePointAt(at);
                at += Character.charCount(codePoint);
                long[] allowed = places.getOrDefault(folded(codePoint), anyOnes);
                long carry = 1;
                for (int word = 0; word < states.length; word++) {
                    long shifted = states[word] << 1 | carry;
                    carry = states[word] >>> 63;
                    states[word] = shifted & allowed[word];
                }
                if ((states[(run.length - 1) >> 6] & 1L << (run.length - 1)) != 0) {
                    return at;
                }
            }
            return -1;
        }

        private int folded(int codePoint) {
            return ignoreCase ? fold(codePoint) : codePoint;
        }
    }
}
