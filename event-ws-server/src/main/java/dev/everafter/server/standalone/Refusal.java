package dev.everafter.server.standalone;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Why a request isn't answered as it would like. Immutable.
 *
 * @param status of HTTP
 * @param text for whoever made the request
 */
record Refusal(int status, String text, Map<String, String> headers) {
    Refusal(int status, String text) {
        this(status, text, Map.of());
    }

    Refusal with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Refusal(status, text, more);
    }
}
