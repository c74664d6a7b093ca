package dev.everafter.server;

import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the authenticator, and then the access policy, on threads that serve nobody else, and makes whatever goes wrong a "can't tell now". That it
 * fails is logged once a minute, and not for each client; the token is cut out of everything that is said.
 *
 * <p>Safe for use by any thread.
 */
final class AuthenticatorCalls {
    private static final Logger LOG = LoggerFactory.getLogger(AuthenticatorCalls.class);
    private static final int THREADS = 4;
    private static final Decision UNAVAILABLE = Decision.unavailable("tokens can't be checked now: try again later");

    private final Authentication rules;
    private final ServerListener listener;
    private final ThreadPoolExecutor pool;
    private final PolicyCalls policy;
    private final Nagging failures;

    AuthenticatorCalls(Authentication rules, EndpointOptions options) {
        this.rules = rules;
        this.listener = options.listener();
        this.policy = new PolicyCalls(options);
        this.failures = new Nagging(options.ticker());
        this.pool = Pools.fixed(THREADS, options.threads(), "everafter-auth");
    }

    Authentication rules() {
        return rules;
    }

    /**
     * Tells {@code answer} whose {@code token} is, and what they may see; never, if one of those that are asked never
     * answers, or the endpoint is closed.
     */
    void ask(BearerToken token, Consumer<Admission> answer) {
        run(() -> call(token, answer));
    }

    /** The same of whom somebody without a token is. */
    void askWithoutToken(Consumer<Admission> answer) {
        run(() -> rules.authenticator()
                .withoutToken()
                .ifPresentOrElse(
                        principal -> policy.ask(principal, answer),
                        () -> answer.accept(Admission.without(Decision.refused("a token is needed")))));
    }

    /** What was remembered doesn't count any more: what is asked from now on is looked up. Quick. */
    void forget() {
        rules.authenticator().forget();
    }

    /** Does {@code changed} if what the access policy said before doesn't hold any more. */
    void watchPolicy(Runnable changed) {
        run(() -> {
            if (policy.hasChanged()) {
                changed.run();
            }
        });
    }

    private void run(Runnable question) {
        try {
            pool.execute(question);
        } catch (RejectedExecutionException e) {
            LOG.debug("the endpoint was closed before a client was known", e);
        }
    }

    private void call(BearerToken token, Consumer<Admission> answer) {
        CompletionStage<Decision> stage;
        try {
            stage = rules.authenticator().authenticate(token);
        } catch (RuntimeException | Error e) {
            answer.accept(Admission.without(failed(token, e)));
            return;
        }
        stage.whenComplete((decision, error) -> {
            Decision made = error != null || decision == null ? failed(token, error) : decided(token, decision);
            if (made instanceof Decision.Accepted accepted) {
                // Here and not where the stage was completed, which may be a thread that must not block.
                run(() -> policy.ask(accepted.principal(), answer));
            } else {
                answer.accept(Admission.without(made));
            }
        });
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
        if (failures.mayLog()) {
            LOG.warn("tokens can't be checked, so clients are asked to try again later: {}", why);
        }
    }

    /** An exception may quote what it was given, as databases' do. */
    private static String hidden(BearerToken token, String text) {
        return text.replace(token.value(), "(hidden)");
    }

    void close() {
        pool.shutdown();
    }
}
