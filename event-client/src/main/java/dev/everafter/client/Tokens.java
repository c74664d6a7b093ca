package dev.everafter.client;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The token for each connection, if the client has any. Safe for use by any thread. */
record Tokens(TokenSupply supply, boolean renewable) {
    static final Tokens NONE = new Tokens(() -> CompletableFuture.completedFuture(Optional.empty()), false);

    /** The same for every connection. */
    static Tokens fixed(Token token) {
        return new Tokens(() -> CompletableFuture.completedFuture(Optional.of(token)), false);
    }

    /** Asked for anew each time. */
    static Tokens from(TokenSource source) {
        return new Tokens(
                () -> source.token().toCompletableFuture().thenApply(text -> Optional.of(new Token(text))), true);
    }

    /** The next connection's; failed if there is none now. */
    CompletableFuture<Optional<Token>> next() {
        try {
            return supply.next();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** How to get at a token. */
    interface TokenSupply {
        CompletableFuture<Optional<Token>> next();
    }
}
