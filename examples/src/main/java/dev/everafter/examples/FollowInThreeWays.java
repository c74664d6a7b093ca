package dev.everafter.examples;

import dev.everafter.core.Event;
import dev.everafter.core.EventHub;
import dev.everafter.core.EventIterator;
import dev.everafter.core.Filter;
import dev.everafter.core.Following;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;

/**
 * Follows a hub inside one's own program by an iterator, by a callback, and as a publisher that gives no more than it is
 * asked for. Each of them takes up where it is told to.
 */
public final class FollowInThreeWays {
    private FollowInThreeWays() {}

    /** Tells the first of three orders by the iterator, and the others by both of the other ways. */
    public static void main(String[] args) throws InterruptedException {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        try (InMemoryEventLog log = new InMemoryEventLog();
                EventHub hub = EventHub.builder(log).build()) {
            for (int id = 1; id <= 3; id++) {
                log.append("orders", "insert", RawJson.of("{\"id\":" + id + "}"));
            }
            Position position = iterate(hub);
            handle(hub, position, executor);
            subscribe(hub, position, executor);
        } finally {
            executor.shutdownNow();
        }
    }

    private static Following orders(EventHub hub, StartFrom from) {
        return hub.follow(Selection.of(Filter.topic("orders")), from);
    }

    /** Takes one, and returns where to go on. */
    private static Position iterate(EventHub hub) {
        try (EventIterator events = orders(hub, StartFrom.beginning()).iterate()) {
            print("iterator", events.next());
            return events.position().orElseThrow();
        }
    }

    private static void handle(EventHub hub, Position position, ExecutorService executor) throws InterruptedException {
        CountDownLatch two = new CountDownLatch(2);
        CompletableFuture<Void> following = orders(hub, StartFrom.after(position))
                .forEach(executor, event -> {
                    print("callback", event);
                    two.countDown();
                });
        two.await();
        following.cancel(false);
    }

    private static void subscribe(EventHub hub, Position position, ExecutorService executor)
            throws InterruptedException {
        CountDownLatch two = new CountDownLatch(2);
        orders(hub, StartFrom.after(position)).publisher(executor).subscribe(new OneByOne(two));
        two.await();
    }

    /** Any library for reactive streams will do in its place. */
    private static final class OneByOne implements Flow.Subscriber<Event> {
        private final CountDownLatch left;
        private Optional<Flow.Subscription> subscription = Optional.empty();

        OneByOne(CountDownLatch left) {
            this.left = left;
        }

        @Override
        public void onSubscribe(Flow.Subscription mine) {
            subscription = Optional.of(mine);
            mine.request(1);
        }

        @Override
        public void onNext(Event event) {
            print("publisher", event);
            left.countDown();
            subscription.ifPresent(mine -> mine.request(1));
        }

        @Override
        public void onError(Throwable failure) {
            System.err.println("publisher: " + failure.getMessage());
        }

        @Override
        public void onComplete() {}
    }

    private static void print(String way, Event event) {
        System.out.println(way + ": " + event.data().orElseThrow());
    }
}
