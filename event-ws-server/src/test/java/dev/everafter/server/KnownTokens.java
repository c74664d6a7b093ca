package dev.everafter.server;

import dev.everafter.server.spi.Authenticator;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** An authenticator that answers what the test says, and refuses what it was not told of. */
public final class KnownTokens implements Authenticator {
    private final Map<String, Supplier<CompletionStage<Decision>>> answers = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile Optional<Principal> anonymous = Optional.empty();

    public KnownTokens with(String token, String subject) {
        return with(token, Principal.of(subject));
    }

    public KnownTokens with(String token, String subject, Instant expiresAt) {
        return with(token, new Principal(subject, Map.of(), Optional.of(expiresAt)));
    }

    public KnownTokens with(String token, Principal principal) {
        return answering(token, () -> CompletableFuture.completedFuture(Decision.accepted(principal)));
    }

    public KnownTokens answering(String token, Supplier<CompletionStage<Decision>> answer) {
        answers.put(token, answer);
        return this;
    }

    /** A client without a token is {@code principal}. */
    public KnownTokens withAnonymous(Principal principal) {
        anonymous = Optional.of(principal);
        return this;
    }

    /** The tokens it was asked for, in order. */
    public List<String> asked() {
        return List.copyOf(asked);
    }

    @Override
    public CompletionStage<Decision> authenticate(BearerToken token) {
        asked.add(token.value());
        return answers.getOrDefault(
                        token.value(), () -> CompletableFuture.completedFuture(Decision.refused("no such token")))
                .get();
    }

    @Override
    public Optional<Principal> withoutToken() {
        return anonymous;
    }
}
