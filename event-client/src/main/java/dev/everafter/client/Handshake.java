package dev.everafter.client;

import jakarta.websocket.ClientEndpointConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a connection begins: subprotocol, token, and the longest message to take. Holds no state. */
final class Handshake {
    private static final String SUBPROTOCOL = "everafter.v1";
    /** An {@code events} message holds items and the little around them. */
    private static final int ENVELOPE_BYTES = 64 * 1024;
    /** Tyrus takes frames up to 4 MiB unless told; no other container minds the name. */
    private static final String TYRUS_FRAME_LIMIT = "weblogic.websocket.tyrus.incoming-buffer-size";

    private Handshake() {}

    static ClientEndpointConfig config(Settings settings, Optional<Token> shown) {
        ClientEndpointConfig.Builder builder = ClientEndpointConfig.Builder.create()
                .preferredSubprotocols(List.of(SUBPROTOCOL))
                .configurator(new ClientEndpointConfig.Configurator() {
                    @Override
                    public void beforeRequest(Map<String, List<String>> headers) {
                        shown.ifPresent(token -> headers.put("Authorization", List.of(token.header())));
                    }
                });
        settings.sslContext().ifPresent(builder::sslContext);
        ClientEndpointConfig config = builder.build();
        config.getUserProperties().put(TYRUS_FRAME_LIMIT, frameLimit(settings));
        return config;
    }

    /** The longest message in bytes. */
    static int frameLimit(Settings settings) {
        return settings.maxMessageBytes() + ENVELOPE_BYTES;
    }
}
