package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Where a client gets its tokens, and what it does when one is refused. */
class TokenRenewalTest extends ClientFixture {
    private final AtomicInteger given = new AtomicInteger();

    private EventClient.Builder renewing() {
        return builder().token(() -> "token-" + given.incrementAndGet());
    }

    private static void assertShown(String token, FakeServer.Connection connection) {
        assertEquals("Bearer " + token, connection.header("Authorization"));
    }

    @Test
    void shouldAskForATokenAnewWhenItConnectsAgain() throws Exception {
        client(renewing()).subscribe(spec(), handler);
        var first = acceptSubscription().connection();
        assertShown("token-1", first);
        first.cut();
        assertShown("token-2", acceptSubscription().connection());
    }

    @Test
    void shouldGoOnWithANewTokenWhenTheOldOneHasExpired() throws Exception {
        client(renewing()).subscribe(spec(), handler);
        var first = acceptSubscription().connection();
        first.events(1, 10, 11, 11);
        awaitCalls(11L);
        first.close(4401, "the token has expired");
        var second = acceptSubscription();
        assertShown("token-2", second.connection());
        assertEquals(11, second.after());
    }

    @Test
    void shouldEndWhenFiveTokensInARowAreRefused() throws Exception {
        ActiveSubscription subscription = client(renewing()).subscribe(spec(), handler);
        for (int i = 1; i <= 4; i++) {
            server.accept().close(4401, "no such token");
        }
        // One that is welcomed begins the count again.
        acceptSubscription().connection().close(4401, "expired");
        for (int i = 1; i <= 4; i++) {
            assertFalse(subscription.done().toCompletableFuture().isDone());
            server.accept().close(4401, "no such token");
        }
        assertEquals(EventClientException.Code.UNAUTHORIZED, failureCode(subscription));
        assertEquals(9, given.get());
    }

    @Test
    void shouldEndAtOnceWhenItIsForbidden() throws Exception {
        ActiveSubscription subscription = client(renewing()).subscribe(spec(), handler);
        acceptSubscription().connection().close(4403, "not you");
        assertEquals(EventClientException.Code.FORBIDDEN, failureCode(subscription));
        assertEquals(1, given.get());
    }

    @Test
    void shouldTryAgainWhenThereIsNoTokenNow() throws Exception {
        client(builder().token(() -> {
                    if (given.incrementAndGet() == 1) {
                        throw new IllegalStateException("the login service is away");
                    }
                    return "token-" + given.get();
                }))
                .subscribe(spec(), handler);
        assertShown("token-2", acceptSubscription().connection());
    }

    @Test
    void shouldConnectWhenATokenComesLater() throws Exception {
        CompletableFuture<String> later = new CompletableFuture<>();
        client(builder().tokens(() -> {
                    given.incrementAndGet();
                    return later;
                }))
                .subscribe(spec(), handler);
        await().until(() -> given.get() == 1);
        assertFalse(server.hasConnection());
        later.complete("late");
        assertShown("late", acceptSubscription().connection());
    }
}
