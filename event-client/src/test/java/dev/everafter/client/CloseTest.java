package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Position;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Ending in order. */
class CloseTest extends ClientFixture {
    @Test
    void shouldWaitForTheRunningHandlerThenSaveAndSayGoodbye() throws Exception {
        CountDownLatch handling = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        ActiveSubscription subscription = client(builder().saveInterval(Duration.ofHours(1)))
                .subscribe(spec(), event -> {
                    handling.countDown();
                    release.await();
                    handler.onEvent(event);
                });
        var accepted = acceptSubscription();
        accepted.connection().events(1, 10, 12, 11, 12);
        assertTrue(handling.await(30, TimeUnit.SECONDS));

        CompletableFuture<List<Object>> atClose = CompletableFuture.supplyAsync(() -> {
            subscription.close();
            return List.copyOf(handler.calls);
        });
        await().during(Duration.ofMillis(50)).until(() -> !atClose.isDone());
        release.countDown();

        assertEquals(List.of(11L), atClose.get(30, TimeUnit.SECONDS));
        assertEquals(Optional.of(new Position("e1", 11)), store.load("orders"));
        assertTrue(subscription.done().toCompletableFuture().isDone());
        assertEquals(accepted.sub(), accepted.connection().expect("unsubscribe").getString("sub"));
        assertEquals(1000, accepted.connection().closeCode());
        assertEquals(List.of(11L), handler.calls);
    }

    @Test
    void shouldNotDeadlockWhenAHandlerClosesItsOwnSubscription() throws Exception {
        CompletableFuture<ActiveSubscription> self = new CompletableFuture<>();
        self.complete(client().subscribe(spec(), event -> {
            self.get().close();
            handler.onEvent(event);
        }));
        acceptSubscription().connection().events(1, 10, 12, 11, 12);
        self.get().done().toCompletableFuture().get(30, TimeUnit.SECONDS);
        assertEquals(List.of(11L), handler.calls);
        assertEquals(Optional.of(new Position("e1", 11)), store.load("orders"));
    }

    @Test
    void shouldNotDeadlockWhenTwoHandlersCloseTheClientAtOnce() throws Exception {
        EventClient client = client();
        CountDownLatch both = new CountDownLatch(2);
        EventHandler closing = event -> {
            both.countDown();
            both.await();
            client.close();
            handler.onEvent(event);
        };
        ActiveSubscription one = client.subscribe(spec().named("one"), closing);
        ActiveSubscription two = client.subscribe(spec().named("two"), closing);
        var connection = server.acceptAndWelcome();
        connection.subscribed(connection.expect("subscribe"), 1, "e1", 10);
        connection.subscribed(connection.expect("subscribe"), 2, "e1", 10);
        connection.events(1, 10, 11, 11);
        connection.events(2, 10, 11, 11);
        one.done().toCompletableFuture().get(30, TimeUnit.SECONDS);
        two.done().toCompletableFuture().get(30, TimeUnit.SECONDS);
        client.close();
        assertEquals(List.of(11L, 11L), handler.calls);
    }

    @Test
    void shouldCloseWhileThereIsNoConnection() throws Exception {
        EventClient client = client();
        ActiveSubscription subscription = client.subscribe(spec(), handler);
        server.accept();
        client.close();
        assertTrue(subscription.done().toCompletableFuture().isDone());
        assertThrows(IllegalStateException.class, () -> client.subscribe(spec(), handler));
    }

    @Test
    void shouldLeaveTheOtherSubscriptionsAlone() throws Exception {
        EventClient client = client();
        ActiveSubscription one = client.subscribe(spec().named("one"), event -> {});
        client.subscribe(spec().named("two"), handler);
        var connection = server.acceptAndWelcome();
        connection.subscribed(connection.expect("subscribe"), 1, "e1", 10);
        connection.subscribed(connection.expect("subscribe"), 2, "e1", 10);
        one.close();
        connection.expect("unsubscribe");
        connection.events(1, 10, 11, 11);
        connection.events(2, 10, 11, 11);
        awaitCalls(11L);
        assertFalse(server.hasConnection());
    }

    @Test
    void shouldRefuseASecondSubscriptionOfTheSameNameUntilTheFirstHasEnded() {
        EventClient client = client();
        ActiveSubscription first = client.subscribe(spec(), handler);
        assertThrows(IllegalArgumentException.class, () -> client.subscribe(spec(), handler));
        first.close();
        client.subscribe(spec(), handler);
    }

    @Test
    void shouldSaveAtIntervalsAndTheRestAtTheEnd() throws Exception {
        FakeTimer timer = new FakeTimer();
        ActiveSubscription subscription = client(builder().timer(timer).saveInterval(Duration.ofSeconds(1)))
                .subscribe(spec(), handler);
        var connection = acceptSubscription().connection();
        await().until(() -> store.load("orders").isPresent());
        connection.events(1, 10, 11, 11);
        connection.events(1, 11, 12, 12);
        connection.events(1, 12, 13, 13);
        await().until(() -> subscription.position().equals(Optional.of(new Position("e1", 13))));
        assertEquals(Optional.of(START), store.load("orders"));
        timer.advance(Duration.ofSeconds(1));
        await().until(() -> store.load("orders").equals(Optional.of(new Position("e1", 13))));
        connection.events(1, 13, 14, 14);
        awaitCalls(11L, 12L, 13L, 14L);
        subscription.close();
        assertEquals(Optional.of(new Position("e1", 14)), store.load("orders"));
        assertEquals(3, listener.count("saved orders"));
    }
}
