package dev.everafter.server;

import static dev.everafter.server.ConversationTest.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.Filter;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.Authenticator;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.EventCheck.Verdict;
import dev.everafter.server.spi.Principal;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Answers from before a revocation are not used after it, wherever they were kept; over real sockets. */
class RevokedAnswersTest {
    private final HandCheck check = new HandCheck();
    private final Remembering authenticator = new Remembering();
    private final AtomicReference<Filter> visible = new AtomicReference<>(Filter.all());
    private final Served served = Served.with(options -> options.authentication(Authentication.by(authenticator))
            .accessPolicy(principal -> CompletableFuture.completedFuture(visible.get()))
            .eventChecking(EventChecking.by(check)));
    private final TestClient alice = TestClient.withToken(served.port(), "alice");

    /** Gives the answer that it gave first until it is told to forget it. */
    private static final class Remembering implements Authenticator {
        private volatile Decision truth = Decision.accepted(Principal.of("alice"));
        private volatile Optional<Decision> remembered = Optional.empty();

        @Override
        public CompletionStage<Decision> authenticate(BearerToken token) {
            Decision answer = remembered.orElse(truth);
            remembered = Optional.of(answer);
            return CompletableFuture.completedFuture(answer);
        }

        @Override
        public void forget() {
            remembered = Optional.empty();
        }
    }

    @BeforeEach
    void subscribe() {
        alice.next("welcome");
        alice.subscribe("s");
    }

    @AfterEach
    void close() {
        alice.close();
        served.close();
    }

    private void revoke() {
        served.log.revoke(new Revocation(Optional.of("alice")));
    }

    @Test
    void shouldAskTheCheckAgainWhenItsYesIsRemembered() {
        check.say("alice", "a", Verdict.ALLOWED);
        long before = served.append("a");
        assertEquals(List.of(before), ids(alice.skipTo("events")));

        check.forgetAnswers();
        check.say("alice", "a", Verdict.DENIED);
        revoke();
        served.append("a");
        long free = served.append("free");
        assertEquals(List.of(free), ids(alice.skipTo("events")));
    }

    @Test
    void shouldNotTakeAYesThatWasAskedForBeforeAndComesAfter() {
        served.append("a");
        await().until(() -> check.asked() == 1);
        CompletableFuture<Verdict> stale = check.answer("alice[]", "a");
        check.forgetAnswers();
        check.say("alice", "a", Verdict.DENIED);
        revoke();
        served.awaitHead();
        stale.complete(Verdict.ALLOWED);
        long free = served.append("free");
        assertEquals(List.of(free), ids(alice.skipTo("events")));
    }

    @Test
    void shouldDropWhatItHoldsWhenThatMayNotBeSeenAnyMore() {
        served.append("a");
        await().until(() -> check.asked() == 1);
        visible.set(Filter.topic("free"));
        revoke();
        alice.skipTo("authorized");
        check.say("alice", "a", Verdict.ALLOWED);
        long free = served.append("free");
        assertEquals(List.of(free), ids(alice.skipTo("events")));
    }

    @Test
    void shouldLookUpTheTokenAgainWhenTheAuthenticatorRemembersIt() {
        authenticator.truth = Decision.refused("taken back");
        revoke();
        assertEquals(CloseCode.UNAUTHORIZED.number(), alice.closeCode());
    }
}
