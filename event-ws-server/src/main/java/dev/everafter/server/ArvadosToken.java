package dev.everafter.server;

import dev.everafter.server.spi.BearerToken;
import jakarta.websocket.server.HandshakeRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the token of a v0 handshake: in the query parameter {@code api_token}, where clients put it as it is, slashes and all;
 * else in {@code Authorization: Bearer} or {@code OAuth2}. Other schemes are somebody else's, such as a proxy's. Stateless.
 */
final class ArvadosToken {
    private static final String PROPERTY = "dev.everafter.server.arvados.token";
    private static final String PARAMETER = "api_token=";

    private ArvadosToken() {}

    /** Keeps the request's token, if it has one, among a connection's own properties. */
    static void put(Map<String, Object> properties, HandshakeRequest request) {
        query(Optional.ofNullable(request.getQueryString()))
                .or(() -> JakartaEndpoint.header(request, "Authorization").flatMap(ArvadosToken::header))
                .ifPresent(token -> properties.put(PROPERTY, token));
    }

    /** The token that was kept, which isn't any longer. */
    static Optional<BearerToken> take(Map<String, Object> properties) {
        return properties.remove(PROPERTY) instanceof BearerToken token ? Optional.of(token) : Optional.empty();
    }

    static Optional<BearerToken> query(Optional<String> query) {
        return query.stream()
                .flatMap(text -> Arrays.stream(text.split("&")))
                .filter(pair -> pair.startsWith(PARAMETER))
                .findFirst()
                .flatMap(pair -> decoded(pair.substring(PARAMETER.length())))
                .flatMap(BearerToken::parse);
    }

    /** Browsers escape what they must; a plus is one, for nobody writes a token as a form. */
    private static Optional<String> decoded(String value) {
        try {
            return Optional.of(URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static Optional<BearerToken> header(String value) {
        return Stream.of("Bearer ", "OAuth2 ")
                .filter(scheme -> value.regionMatches(true, 0, scheme, 0, scheme.length()))
                .findFirst()
                .flatMap(scheme ->
                        BearerToken.parse(value.substring(scheme.length()).strip()));
    }
}
