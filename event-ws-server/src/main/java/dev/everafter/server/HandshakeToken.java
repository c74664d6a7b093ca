package dev.everafter.server;

import dev.everafter.server.spi.BearerToken;
import jakarta.websocket.server.HandshakeRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the token of a handshake: in {@code Authorization: Bearer} (RFC 6750, section 2.1), else, where that is allowed,
 * in the query parameter {@code access_token} (section 2.3). Other schemes are somebody else's, such as a proxy's.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class HandshakeToken {
    private static final String PROPERTY = "dev.everafter.server.token";
    private static final String SCHEME = "Bearer ";
    private static final String PARAMETER = "access_token=";

    private final boolean asked;
    private final boolean inQuery;

    HandshakeToken(Optional<Authentication> rules) {
        this.asked = rules.isPresent();
        this.inQuery = rules.filter(Authentication::tokenInQuery).isPresent();
    }

    /** Keeps the request's token, if it has one, among a connection's own properties. */
    void put(Map<String, Object> properties, HandshakeRequest request) {
        if (asked) {
            find(request).ifPresent(token -> properties.put(PROPERTY, token));
        }
    }

    /** The token that was kept, which isn't any longer. */
    static Optional<BearerToken> take(Map<String, Object> properties) {
        return properties.remove(PROPERTY) instanceof BearerToken token ? Optional.of(token) : Optional.empty();
    }

    private Optional<BearerToken> find(HandshakeRequest request) {
        Optional<BearerToken> token = JakartaEndpoint.header(request, "Authorization")
                .filter(value -> value.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
                .map(value -> value.substring(SCHEME.length()).strip())
                .flatMap(BearerToken::parse);
        return token.or(() -> inQuery ? query(request.getQueryString()) : Optional.empty());
    }

    private static Optional<BearerToken> query(String query) {
        return Arrays.stream(query == null ? new String[0] : query.split("&"))
                .filter(pair -> pair.startsWith(PARAMETER))
                .findFirst()
                .flatMap(pair -> decoded(pair.substring(PARAMETER.length())))
                .flatMap(BearerToken::parse);
    }

    private static Optional<String> decoded(String value) {
        try {
            return Optional.of(URLDecoder.decode(value, StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
