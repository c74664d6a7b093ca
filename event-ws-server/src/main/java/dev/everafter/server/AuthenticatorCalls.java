package dev.everafter.server;

import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the authenticator, on threads that serve nobody else, and makes whatever goes wrong a "can't tell now". That it
 * fails is logged once a minute, and not for each client; the token is cut out of everything that is said.
 *
 * <p>Safe for use by any thread.
 */
final class AuthenticatorCalls {
    private static final Logger LOG = LoggerFactory.getLogger(AuthenticatorCalls.class);
    private static final int THREADS = 4;
    private static final Duration QUIET = Duration.ofMinutes(1);
    private static final Decision UNAVAILABLE = Decision.unavailable("tokens can't be checked now: try again later");

    private final Authentication rules;
    private final ServerListener listener;
    private final ThreadPoolExecutor pool;
    private final LongSupplier ticker;
    private long quietUntil;

    AuthenticatorCalls(Authentication rules, EndpointOptions options) {
        this.rules = rules;
        this.listener = options.listener();
        this.ticker = options.ticker();
        this.quietUntil = ticker.getAsLong();
        this.pool = Pools.fixed(THREADS, options.threads(), "everafter-auth");
    }

    Authentication rules() {
        return rules;
    }

    /** Tells {@code answer} whose {@code token} is; never, if the authenticator never answers, or the endpoint is closed. */
    void ask(BearerToken token, Consumer<Decision> answer) {
        try {
            pool.execute(() -> call(token, answer));
        } catch (RejectedExecutionException e) {
            LOG.debug("the endpoint was closed before a client was known", e);
        }
    }

    private void call(BearerToken token, Consumer<Decision> answer) {
        CompletionStage<Decision> stage;
        try {
            stage = rules.authenticator().authenticate(token);
        } catch (RuntimeException | Error e) {
            answer.accept(failed(token, e));
            return;
        }
        stage.whenComplete((decision, error) ->
                answer.accept(error != null || decision == null ? failed(token, error) : decided(token, decision)));
    }

    private Decision decided(BearerToken token, Decision decision) {
        if (decision instanceof Decision.Unavailable unavailable) {
            fails(hidden(token, unavailable.reason()));
            return Decision.unavailable(hidden(token, unavailable.reason()));
        }
        return decision instanceof Decision.Refused refused
                ? Decision.refused(hidden(token, refused.reason()))
                : decision;
    }

    private Decision failed(BearerToken token, @Nullable Throwable error) {
        fails(hidden(token, String.valueOf(error)));
        return UNAVAILABLE;
    }

    /** What to say when the authenticator took too long. */
    Decision late() {
        fails("no answer within " + rules.patience().toMillis() + " ms");
        return UNAVAILABLE;
    }

    private void fails(String why) {
        listener.onAuthenticatorFailed();
        if (mayLog()) {
            LOG.warn("tokens can't be checked, so clients are asked to try again later: {}", why);
        }
    }

    private synchronized boolean mayLog() {
        long now = ticker.getAsLong();
        boolean quiet = now - quietUntil < 0;
        quietUntil = quiet ? quietUntil : now + QUIET.toNanos();
        return !quiet;
    }

    /** An exception may quote what it was given, as databases' do. */
    private static String hidden(BearerToken token, String text) {
        return text.replace(token.value(), "(hidden)");
    }

    void close() {
        pool.shutdown();
    }
}
