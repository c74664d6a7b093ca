package dev.everafter.core;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the text form of filters from left to right, and knows where it is. For one thread. */
final class FilterTokens {
    private static final String SPECIAL = ".<>=!(),'";
    private static final List<String> SYMBOLS = List.of("<=", ">=", "<>", "!=", "=", "<", ">");
    private static final Pattern WORD = Pattern.compile("[A-Za-z_]+");
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?");
    private static final int LONGEST_NUMBER = 10_000;

    private final String text;
    private int at;

    FilterTokens(String text) {
        this.text = text;
    }

    /** Whether a name can stand in a path without angle brackets. */
    static boolean isPlain(String name) {
        return !name.isEmpty() && name.chars().allMatch(FilterTokens::isPlain);
    }

    private static boolean isPlain(int c) {
        return !Character.isWhitespace(c) && SPECIAL.indexOf(c) < 0;
    }

    boolean isEnd() {
        skipBlanks();
        return at == text.length();
    }

    /** Where the next token begins. */
    String place() {
        skipBlanks();
        return "at column " + (at + 1);
    }

    private void skipBlanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    /** Goes on if {@code token}, a symbol or a word, comes next. */
    boolean skip(String token) {
        skipBlanks();
        int end = at + token.length();
        boolean word = isPlain(token.charAt(0));
        boolean next = text.regionMatches(true, at, token, 0, token.length())
                && !(word && end < text.length() && (isPlain(text.charAt(end)) || text.charAt(end) == '.'));
        at = next ? end : at;
        return next;
    }

    void require(String token, String expected) {
        if (!skip(token)) {
            throw expected(expected);
        }
    }

    /** A name with its path, as {@link Attribute#parse} reads it. */
    String attribute() {
        skipBlanks();
        int from = at;
        skipPlain();
        while (at > from && at < text.length() && text.charAt(at) == '.') {
            at++;
            int quoted = text.startsWith("<", at) ? Attribute.endOfQuoted(text, at) : at;
            if (quoted < 0) {
                throw expected("a name that \">\" ends");
            }
            at = quoted;
            skipPlain();
        }
        if (at == from) {
            throw expected("an attribute such as topic or data.column, or \"(\", or not");
        }
        return text.substring(from, at);
    }

    private void skipPlain() {
        while (at < text.length() && isPlain(text.charAt(at))) {
            at++;
        }
    }

    /** A symbol, or a word in lower case. */
    String operator() {
        skipBlanks();
        Optional<String> symbol =
                SYMBOLS.stream().filter(s -> text.startsWith(s, at)).findFirst();
        Matcher word = WORD.matcher(text).region(at, text.length());
        String operator = symbol.orElseGet(() -> word.lookingAt() ? word.group().toLowerCase(Locale.ROOT) : "");
        if (Operator.parse(operator).isEmpty()) {
            throw expected("an operator, one of " + Operator.all());
        }
        at += operator.length();
        return operator;
    }

    /** A number, if one comes next. */
    Optional<BigDecimal> number() {
        skipBlanks();
        Matcher number = NUMBER.matcher(text).region(at, text.length());
        if (!number.lookingAt()) {
            return Optional.empty();
        }
        boolean ends = number.end() == text.length() || !isPlain(text.charAt(number.end()));
        if (!ends || number.group().length() > LONGEST_NUMBER) {
            throw expected("a number");
        }
        try {
            BigDecimal value = new BigDecimal(number.group());
            at = number.end();
            return Optional.of(value);
        } catch (NumberFormatException e) {
            // an exponent beyond all
            throw expected("a number");
        }
    }

    /** What stands between quotes. */
    String text() {
        skipBlanks();
        if (!text.startsWith("'", at)) {
            throw expected("a value: 'text', a number, true, false, null, or time '...'");
        }
        for (int end = text.indexOf('\'', at + 1); end >= 0; end = text.indexOf('\'', end + 2)) {
            if (!text.startsWith("''", end)) {
                String inside = text.substring(at + 1, end).replace("''", "'");
                at = end + 1;
                return inside;
            }
        }
        throw expected("a text that a quote ends");
    }

    /** Whether a placeholder comes next. */
    boolean isPlaceholder() {
        skipBlanks();
        return text.startsWith(FilterTemplate.OPEN, at);
    }

    /** The name in a placeholder. */
    String placeholder() {
        int from = at + FilterTemplate.OPEN.length();
        int end = text.indexOf('}', from);
        if (end <= from) {
            throw expected("a placeholder such as ${sub}");
        }
        at = end + 1;
        return text.substring(from, end);
    }

    FilterException expected(String what) {
        String place = place();
        return new FilterException(place + ": expected " + what + ", found "
                + (isEnd() ? "the end" : FilterJson.clip(text.substring(at))));
    }

    FilterException wrong(String what) {
        return new FilterException(place() + ": " + what);
    }
}
