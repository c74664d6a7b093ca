package dev.everafter.server;

import dev.everafter.server.spi.Authenticator;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
    private static final Logger LOG = LoggerFactory.getLogger(TokenFileAuthenticator.class);
    private static final Duration FRESH = Duration.ofSeconds(1);

    private final Path file;
    private final LongSupplier ticker;
    private byte[] content;
    private Map<String, Principal> principals;
    private String problem = "";
    private long readAt;

    private TokenFileAuthenticator(Path file, LongSupplier ticker) throws IOException, TokenFile.BrokenException {
        this.file = file;
        this.ticker = ticker;
        this.content = TokenFile.read(file);
        this.principals = TokenFile.parse(content);
        this.readAt = ticker.getAsLong();
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
        try {
            return new TokenFileAuthenticator(file, ticker);
        } catch (IOException e) {
            throw new IllegalArgumentException("the token file " + file + " can't be read: " + e, e);
        } catch (TokenFile.BrokenException e) {
            throw new IllegalArgumentException("the token file " + file + " can't be used: " + e.getMessage(), e);
        }
    }

    /** How many tokens it accepts. */
    public int size() {
        return current().size();
    }

    @Override
    public CompletionStage<Decision> authenticate(BearerToken token) {
        Optional<Principal> principal = Optional.ofNullable(current().get(token.sha256()));
        return CompletableFuture.completedFuture(
                principal.map(Decision::accepted).orElseGet(() -> Decision.refused("the token is not valid")));
    }

    private synchronized Map<String, Principal> current() {
        long now = ticker.getAsLong();
        if (now - readAt >= FRESH.toNanos()) {
            readAt = now;
            try {
                reload();
                problem = "";
            } catch (IOException | TokenFile.BrokenException e) {
                tell(e.toString());
            }
        }
        return principals;
    }

    private void reload() throws IOException, TokenFile.BrokenException {
        byte[] read = TokenFile.read(file);
        if (!Arrays.equals(read, content)) {
            principals = TokenFile.parse(read);
            content = read;
            LOG.info("{} tokens were read from {}", principals.size(), file);
        }
    }

    private void tell(String why) {
        if (!why.equals(problem)) {
            problem = why;
            LOG.warn(
                    "the tokens that were in {} before go on being accepted, since it can't be used now: {}",
                    file,
                    why);
        }
    }
}
