package dev.everafter.server.standalone;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Base64;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import org.glassfish.grizzly.http.HttpRequestPacket;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.Protocol;

/**
 * Whether a request is an opening handshake as RFC 6455, section 4.2.1, wants it; Tyrus overlooks part of that. Holds no
 * state.
 */
final class HandshakeCheck {
    static final String VERSION = "13";

    private static final int KEY_BYTES = 16;

    private HandshakeCheck() {}

    /** Whether it asks for a WebSocket at all. */
    static boolean isUpgrade(HttpRequestPacket request) {
        return hasToken(request, "Upgrade", "websocket");
    }

    static boolean hasBody(HttpRequestPacket request) {
        String length = request.getHeader("Content-Length");
        return (length != null && !length.strip().equals("0")) || request.getHeader("Transfer-Encoding") != null;
    }

    /** What is wrong with a request to be upgraded, if anything. */
    static Optional<Refusal> flaw(HttpRequestPacket request) {
        if (request.getMethod() != Method.GET) {
            return Optional.of(new Refusal(405, "a WebSocket is asked for by GET").with("Allow", "GET"));
        }
        if (request.getProtocol() != Protocol.HTTP_1_1) {
            return bad("a WebSocket needs HTTP/1.1");
        }
        if (!hasToken(request, "Connection", "upgrade")) {
            return bad("the header Connection: Upgrade is missing");
        }
        if (!isUri(request)) {
            // Tyrus would find out only after it has agreed.
            return bad("path and query must be those of a URI");
        }
        if (single(request, "Sec-WebSocket-Version").filter(VERSION::equals).isEmpty()) {
            return Optional.of(new Refusal(426, "this server speaks version " + VERSION + " of the WebSocket protocol")
                    .with("Sec-WebSocket-Version", VERSION)
                    .with("Upgrade", "websocket")
                    .with("Connection", "Upgrade"));
        }
        if (single(request, "Sec-WebSocket-Key").filter(HandshakeCheck::isKey).isEmpty()) {
            return bad("Sec-WebSocket-Key must be " + KEY_BYTES + " bytes in Base64, given once");
        }
        return Optional.empty();
    }

    private static Optional<Refusal> bad(String text) {
        return Optional.of(new Refusal(400, text));
    }

    private static boolean isUri(HttpRequestPacket request) {
        String query = request.getQueryString();
        try {
            new URI(request.getRequestURI() + (query == null ? "" : "?" + query));
            return true;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static boolean isKey(String key) {
        try {
            // With its padding, which the decoder would do without.
            return key.length() == 24 && Base64.getDecoder().decode(key).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** A header's value, if the request has it exactly once. */
    static Optional<String> single(HttpRequestPacket request, String name) {
        Iterator<String> values = request.getHeaders().values(name).iterator();
        if (!values.hasNext()) {
            return Optional.empty();
        }
        String first = values.next().strip();
        return values.hasNext() ? Optional.empty() : Optional.of(first);
    }

    private static boolean hasToken(HttpRequestPacket request, String name, String token) {
        for (String value : request.getHeaders().values(name)) {
            for (String part : value.split(",", -1)) {
                if (part.strip().toLowerCase(Locale.ROOT).equals(token)) {
                    return true;
                }
            }
        }
        return false;
    }
}
