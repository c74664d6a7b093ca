package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.server.spi.AccessPolicy;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the access policy what somebody may see, and makes whatever goes wrong a "can't tell now". Without a policy whoever
 * is known sees everything.
 *
 * <p>Safe for use by any thread; blocks if the policy does.
 */
final class PolicyCalls {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyCalls.class);
    private static final Admission UNAVAILABLE =
            Admission.without(Decision.unavailable("what you may see can't be looked up now: try again later"));

    private final Optional<AccessPolicy> policy;
    private final ServerListener listener;
    private final Nagging failures;
    private final Nagging nothings;
    private final AtomicLong version = new AtomicLong();

    PolicyCalls(EndpointOptions options) {
        this.policy = options.accessPolicy();
        this.listener = options.listener();
        this.failures = new Nagging(options.ticker());
        this.nothings = new Nagging(options.ticker());
        this.version.set(policy.map(AccessPolicy::version).orElse(0L));
    }

    /** Tells {@code answer} what {@code principal} may see; never, if the policy never answers. */
    void ask(Principal principal, Consumer<Admission> answer) {
        if (policy.isEmpty()) {
            answer.accept(new Admission(Decision.accepted(principal), Filter.all()));
            return;
        }
        CompletionStage<Filter> stage;
        try {
            stage = policy.get().visibility(principal);
        } catch (RuntimeException | Error e) {
            answer.accept(failed(e));
            return;
        }
        stage.whenComplete((seen, error) ->
                answer.accept(error != null || seen == null ? failed(error) : admitted(principal, seen)));
    }

    /** Whether its answers have ceased to hold since this was asked last. */
    boolean hasChanged() {
        long now = policy.map(AccessPolicy::version).orElse(0L);
        return version.getAndSet(now) != now;
    }

    private Admission admitted(Principal principal, Filter seen) {
        Filter visibility = seen.canonical();
        if (visibility.equals(Filter.none().canonical()) && nothings.mayLog()) {
            LOG.info("the access policy shows nothing to {}, and perhaps to others: they get no event", principal);
        }
        return new Admission(Decision.accepted(principal), visibility);
    }

    private Admission failed(@Nullable Throwable error) {
        listener.onAccessPolicyFailed();
        if (failures.mayLog()) {
            LOG.warn("what clients may see can't be looked up, so they are asked to try again later: {}", error, error);
        }
        return UNAVAILABLE;
    }
}
