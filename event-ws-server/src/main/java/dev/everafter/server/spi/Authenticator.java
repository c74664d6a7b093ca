package dev.everafter.server.spi;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Says whose a token is. Whatever goes wrong fails closed: an exception, a stage that fails, and one that takes longer
 * than {@link dev.everafter.server.Authentication#patience()} are all taken for {@link Decision.Unavailable}.
 *
 * <p>Called by a few threads of its own, several at a time, so an implementation must be safe for any thread; one that
 * blocks keeps only others that authenticate waiting.
 */
@FunctionalInterface
public interface Authenticator {
    /** Whose {@code token} is. Asked once for each connection, and once more for each token that follows on it. */
    CompletionStage<Decision> authenticate(BearerToken token);

    /**
     * Somebody's permissions have changed: whoever is asked for from now on must be looked up and not remembered. Called
     * where nothing may wait, so it must be quick. By default nothing is done, since nothing is remembered.
     */
    default void forget() {}

    /**
     * Who a client is that shows no token at the handshake. By default nobody, so it must show one in its first message;
     * with somebody, it is welcomed as that.
     */
    default Optional<Principal> withoutToken() {
        return Optional.empty();
    }
}
