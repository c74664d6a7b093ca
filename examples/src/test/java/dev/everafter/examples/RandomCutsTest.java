package dev.everafter.examples;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.client.ActiveSubscription;
import dev.everafter.client.ClientListener;
import dev.everafter.client.EventClient;
import dev.everafter.client.GapPolicy;
import dev.everafter.client.PositionStore;
import dev.everafter.client.Subscription;
import dev.everafter.core.Attribute;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Value;
import dev.everafter.testkit.Seed;
import dev.everafter.testkit.TcpProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The client's guarantee against a real server: connections are cut at random while events are appended, and each
 * subscription has got exactly what the log holds for it.
 */
class RandomCutsTest {
    private static final int EVENTS = 20_000;

    @TempDir
    private Path directory = Path.of("");

    @Test
    @Timeout(300)
    void shouldReceiveExactlyTheLogWhenConnectionsAreCutAtRandom() throws Exception {
        Random random = Seed.random("RandomCutsTest");
        // A tail of a few hundred events, so that whoever was away reads the log, and falls behind again.
        try (Served served = new Served(256 * 1024);
                TcpProxy proxy = TcpProxy.to(served.port())) {
            Cutter cutter = new Cutter(proxy, new Random(random.nextLong()));
            try (Reader all = new Reader(proxy, Filter.all(), Optional.empty(), 100, cutter::seen, random);
                    Reader some = new Reader(proxy, topic(1), Optional.empty(), 1000, event -> {}, random);
                    Reader stored = new Reader(
                            proxy, topic(2), Optional.of(directory.resolve("p.json")), 7, event -> {}, random)) {
                append(served, random, EVENTS / 2, all);
                stored.restart();
                served.restart();
                append(served, random, EVENTS / 2, all);

                List<Event> log = served.events();
                all.expect(log);
                some.expect(
                        log.stream().filter(event -> event.topic().equals("t1")).toList());
                stored.expect(
                        log.stream().filter(event -> event.topic().equals("t2")).toList());
                assertTrue(cutter.cuts.get() > 20, "only " + cutter.cuts + " cuts");
                assertTrue(all.connections.get() > 20, "only " + all.connections + " connections");
                System.out.println("RandomCutsTest: " + log.size() + " events, " + cutter.cuts + " cuts, "
                        + proxy.connections() + " connections");
            }
        }
    }

    private static Filter topic(int number) {
        return Filter.eq(Attribute.TOPIC, Value.of("t" + number));
    }

    /** Commits transactions of random size, some of which find no room in the window of the slowest reader. */
    private static void append(Served served, Random random, int events, Reader pace) {
        int appended = 0;
        while (appended < events) {
            List<Change> transaction = new ArrayList<>();
            int size = Math.min(events - appended, 1 + random.nextInt(60));
            for (int i = 0; i < size; i++) {
                transaction.add(Change.of(
                        "t" + random.nextInt(20),
                        "insert",
                        RawJson.of("{\"pad\":\"" + "x".repeat(random.nextInt(200)) + "\"}")));
            }
            served.log.append(transaction);
            appended += size;
            if (random.nextInt(10) == 0) {
                long near = served.log.range().head() - 2_000;
                await().pollInterval(Duration.ofMillis(2)).until(() -> pace.isPast(near));
            }
        }
    }

    /** Cuts all connections each time one reader has seen a random number of events more. */
    private static final class Cutter {
        final AtomicInteger cuts = new AtomicInteger();
        private final TcpProxy proxy;
        private final Random random;
        private int left = 50;

        Cutter(TcpProxy proxy, Random random) {
            this.proxy = proxy;
            this.random = random;
        }

        void seen(Event event) {
            left--;
            if (left == 0) {
                left = 1 + random.nextInt(800);
                cuts.incrementAndGet();
                proxy.cutAll();
            }
        }
    }

    /** A client with one subscription, from the log's beginning. */
    private static final class Reader implements AutoCloseable {
        final AtomicInteger connections = new AtomicInteger();
        private final List<Event> received = Collections.synchronizedList(new ArrayList<>());
        private final TcpProxy proxy;
        private final Filter where;
        private final Optional<Path> positions;
        private final int window;
        private final Consumer<Event> watcher;
        private final Random random;
        private EventClient client;
        private ActiveSubscription subscription;

        Reader(
                TcpProxy proxy,
                Filter where,
                Optional<Path> positions,
                int window,
                Consumer<Event> watcher,
                Random random) {
            this.proxy = proxy;
            this.where = where;
            this.positions = positions;
            this.window = window;
            this.watcher = watcher;
            this.random = new Random(random.nextLong());
            this.client = connect();
            this.subscription = subscribe();
        }

        private EventClient connect() {
            return EventClient.builder()
                    .uri(Served.uri(proxy.port()))
                    .positionStore(positions.map(PositionStore::file).orElseGet(PositionStore::inMemory))
                    .backoff(Duration.ofMillis(1), Duration.ofMillis(20))
                    .random(random)
                    .listener(new ClientListener() {
                        @Override
                        public void onConnected() {
                            connections.incrementAndGet();
                        }
                    })
                    .build();
        }

        private ActiveSubscription subscribe() {
            return client.subscribe(
                    Subscription.where(where)
                            .from(StartFrom.beginning())
                            .named("reader")
                            .window(window)
                            .onGap(GapPolicy.STOP),
                    event -> {
                        received.add(event);
                        watcher.accept(event);
                    });
        }

        /** Ends in order, and comes back with what the file says. */
        void restart() {
            client.close();
            client = connect();
            subscription = subscribe();
        }

        boolean isPast(long id) {
            return subscription.position().filter(at -> at.id() >= id).isPresent();
        }

        void expect(List<Event> expected) {
            await().atMost(Duration.ofSeconds(60)).until(() -> received.size() >= expected.size());
            List<Event> got = List.copyOf(received);
            assertEquals(
                    expected.stream().map(Event::id).toList(),
                    got.stream().map(Event::id).toList());
            assertEquals(expected, got);
            assertFalse(subscription.done().toCompletableFuture().isDone());
        }

        @Override
        public void close() {
            client.close();
        }
    }
}
