package dev.everafter.server.standalone;

import dev.everafter.server.standalone.Provenance.UnclearException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the header {@code Forwarded} as RFC 7239, section 4, writes it: one element for each proxy, the nearest last, each
 * of {@code name=value} pairs whose values may be quoted. Holds no state.
 */
final class ForwardedHeader {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final String QUOTED = "\"(?:[^\"\\\\]|\\\\.)*+\"";
    /** An unquoted value may hold what needs quotes, as an address with its port: there is no doubt what is meant. */
    private static final Pattern PAIR = Pattern.compile("(" + TOKEN + ")=(" + QUOTED + "|[^\",;\\s]+)");

    private static final Pattern GAP = Pattern.compile("[ \\t]*");

    private ForwardedHeader() {}

    /** The elements, their names in lower case. */
    static List<Map<String, String>> parse(List<String> lines) throws UnclearException {
        List<Map<String, String>> elements = new ArrayList<>();
        for (String line : lines) {
            elements(line, elements);
        }
        return elements;
    }

    private static void elements(String line, List<Map<String, String>> elements) throws UnclearException {
        Map<String, String> element = new LinkedHashMap<>();
        Matcher pair = PAIR.matcher(line);
        int at = gap(line, 0);
        while (at < line.length()) {
            char next = line.charAt(at);
            if (next == ',') {
                add(element, elements);
                element = new LinkedHashMap<>();
                at++;
            } else if (next == ';') {
                at++;
            } else if (pair.find(at) && pair.start() == at) {
                if (element.put(pair.group(1).toLowerCase(Locale.ROOT), unquoted(pair.group(2))) != null) {
                    throw unclear();
                }
                at = gap(line, pair.end());
                if (at < line.length() && line.charAt(at) != ',' && line.charAt(at) != ';') {
                    throw unclear();
                }
            } else {
                throw unclear();
            }
            at = gap(line, at);
        }
        add(element, elements);
    }

    private static void add(Map<String, String> element, List<Map<String, String>> elements) {
        if (!element.isEmpty()) {
            elements.add(element);
        }
    }

    private static int gap(String line, int from) {
        Matcher gap = GAP.matcher(line);
        return gap.find(from) ? gap.end() : from;
    }

    private static String unquoted(String value) {
        return value.startsWith("\"") ? value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1") : value;
    }

    private static UnclearException unclear() {
        return new UnclearException("the header Forwarded is not written as RFC 7239 says");
    }
}
