package dev.everafter.client;

import java.util.concurrent.CompletionStage;

/**
 * Where a client gets its tokens: asked anew for each connection, so also after the server has closed one because its
 * token had expired.
 *
 * <p>Called by the client's own threads, one call at a time; it may block.
 */
@FunctionalInterface
public interface TokenSource {
    /**
     * A token that holds now. Where there is none now, the stage or the call fails, and the client asks again with its
     * next try. The failure's message gets into logs, so it must not hold a token.
     */
    CompletionStage<String> token();
}
