package dev.everafter.server;

import dev.everafter.server.spi.Authenticator;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * Accepts the tokens of a file, which holds only their hashes: who reads it can't connect by it. A change is noticed when
 * a token is next shown, at most a second late. While the file can't be read, or is broken, the tokens that were in it
 * before go on being accepted, and the log says so; a file of zero bytes is one that is being written, so take the last
 * token back by leaving a comment.
 *
 * <p>One line for each token, as {@link TokenFile} has it. Tokens are looked up by their hash, so how long that takes says
 * nothing about those in the file: nobody can choose a token by its hash.
 *
 * <p>Safe for use by any thread; blocks while it reads the file.
 */
public final class TokenFileAuthenticator implements Authenticator {
    private final FileInForce<Map<String, Principal>> tokens;

    private TokenFileAuthenticator(Path file, LongSupplier ticker) {
        this.tokens = new FileInForce<>("token file", file, TokenFile::parse, ticker);
    }

    /**
     * Accepts the tokens of {@code file}.
     *
     * @throws IllegalArgumentException if it can't be read, or is broken
     */
    public static TokenFileAuthenticator of(Path file) {
        return of(file, System::nanoTime);
    }

    static TokenFileAuthenticator of(Path file, LongSupplier ticker) {
        return new TokenFileAuthenticator(file, ticker);
    }

    /** How many tokens it accepts. */
    public int size() {
        return tokens.current().size();
    }

    @Override
    public void forget() {
        tokens.expire();
    }

    @Override
    public CompletionStage<Decision> authenticate(BearerToken token) {
        Optional<Principal> principal = Optional.ofNullable(tokens.current().get(token.sha256()));
        return CompletableFuture.completedFuture(
                principal.map(Decision::accepted).orElseGet(() -> Decision.refused("the token is not valid")));
    }
}
