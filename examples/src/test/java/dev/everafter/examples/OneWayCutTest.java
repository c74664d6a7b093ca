package dev.everafter.examples;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.everafter.client.ActiveSubscription;
import dev.everafter.client.EventClient;
import dev.everafter.client.Subscription;
import dev.everafter.core.RawJson;
import dev.everafter.core.StartFrom;
import dev.everafter.testkit.TcpProxy;
import dev.everafter.testkit.TcpProxy.Direction;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A connection of which one direction vanishes while the other goes on: neither side is told. */
class OneWayCutTest {
    @Test
    @Timeout(120)
    void shouldGoOnWhenNothingReachesTheServerAnyMore() throws Exception {
        List<Long> handled = new CopyOnWriteArrayList<>();
        try (Served served = new Served(1 << 20);
                TcpProxy proxy = TcpProxy.to(served.port());
                EventClient client = EventClient.builder()
                        .uri(Served.uri(proxy.port()))
                        .backoff(Duration.ofMillis(1), Duration.ofMillis(20))
                        .build()) {
            // With a window of one, a lost ack stops everything.
            ActiveSubscription subscription = client.subscribe(
                    Subscription.all().from(StartFrom.beginning()).window(1), event -> handled.add(event.id()));
            append(served, 1);
            await().atMost(Duration.ofSeconds(30)).until(() -> handled.size() == 1);

            proxy.swallow(Direction.TO_SERVER);
            append(served, 3);

            await().atMost(Duration.ofSeconds(60)).until(() -> handled.size() == 4);
            assertEquals(List.of(1L, 2L, 3L, 4L), handled);
            assertFalse(subscription.done().toCompletableFuture().isDone());
        }
    }

    private static void append(Served served, int events) {
        for (int i = 0; i < events; i++) {
            served.log.append("t", "insert", RawJson.of("{}"));
        }
    }
}
