package dev.everafter.core;

import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.opentest4j.TestAbortedException;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;
import org.testng.annotations.Test;

/**
 * The Reactive Streams TCK for {@link Following#publisher}: each of its tests, in TestNG's terms, is one of JUnit's, so that
 * they are counted with the others.
 */
class PublisherTckTest {
    /** What is due may be late on a busy machine; what is not due is awaited for so long. */
    private static final long DUE_MILLIS = 20_000;

    private static final long NOT_DUE_MILLIS = 50;

    private static final Clock NOON = Clock.fixed(Instant.parse("2026-11-24T12:00:00Z"), ZoneOffset.UTC);

    /** It gives the garbage collector 100 ms, which a busy machine needs for other things. */
    private static final String IMPATIENT =
            "required_spec313_cancelMustMakeThePublisherEventuallyDropAllReferencesToTheSubscriber";

    private final ConcurrentLinkedQueue<AutoCloseable> opened = new ConcurrentLinkedQueue<>();
    private final ExecutorService executor = Executors.newFixedThreadPool(2);

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        executor.shutdownNow();
    }

    @TestFactory
    Stream<DynamicTest> shouldKeepTheRule() {
        return Arrays.stream(FlowPublisherVerification.class.getMethods())
                .filter(method -> method.isAnnotationPresent(Test.class))
                .filter(method -> !method.getName().equals(IMPATIENT))
                .filter(method -> !method.getName().startsWith("untested"))
                .sorted(Comparator.comparing(method -> method.getName()))
                .map(method -> DynamicTest.dynamicTest(method.getName(), () -> {
                    Verification verification = new Verification();
                    verification.setUp();
                    try {
                        method.invoke(verification);
                    } catch (InvocationTargetException e) {
                        if (e.getCause() instanceof SkipException skipped) {
                            throw new TestAbortedException(skipped.getMessage(), skipped);
                        }
                        throw e.getCause();
                    }
                }));
    }

    /** Rule 3.13, with more patience than the TCK has. */
    @org.junit.jupiter.api.Test
    void shouldForgetASubscriberThatHasCancelled() {
        EventHub hub = hub(new InMemoryEventLog());
        WeakReference<Object> cancelled = new WeakReference<>(cancelled(hub));
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            System.gc();
            return cancelled.get() == null;
        });
    }

    private Object cancelled(EventHub hub) {
        AtomicReference<Flow.Subscription> subscription = new AtomicReference<>();
        Flow.Subscriber<Event> subscriber = new Flow.Subscriber<>() {
            @Override
            public void onSubscribe(Flow.Subscription mine) {
                subscription.set(mine);
            }

            @Override
            public void onNext(Event event) {}

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onComplete() {}
        };
        hub.follow(Selection.of(Filter.all()), StartFrom.now())
                .publisher(executor)
                .subscribe(subscriber);
        Objects.requireNonNull(subscription.get()).cancel();
        return subscriber;
    }

    private EventHub hub(InMemoryEventLog log) {
        EventHub hub = EventHub.builder(log).build();
        opened.add(hub);
        opened.add(log);
        return hub;
    }

    private final class Verification extends FlowPublisherVerification<Event> {
        Verification() {
            super(new TestEnvironment(DUE_MILLIS, NOT_DUE_MILLIS, NOT_DUE_MILLIS));
        }

        /** All that a log of so many events has, one for each subscriber; its hub is closed behind the last. */
        @Override
        public Flow.Publisher<Event> createFlowPublisher(long elements) {
            return subscriber -> {
                InMemoryEventLog log = new InMemoryEventLog(NOON, () -> "epoch");
                for (long i = 0; i < elements; i++) {
                    log.append("t", "insert", RawJson.of("{}"));
                }
                EventHub hub = hub(log);
                Flow.Publisher<Event> all = hub.follow(Selection.of(Filter.all()), StartFrom.beginning())
                        .publisher(executor);
                all.subscribe(subscriber == null ? null : new Counting(subscriber, elements, hub));
            };
        }

        /** Its position is in a history that this log knows nothing of. */
        @Override
        public Flow.Publisher<Event> createFailedFlowPublisher() {
            StartFrom strange = StartFrom.after(new Position("another log's", 5));
            return hub(new InMemoryEventLog())
                    .follow(Selection.of(Filter.all()), strange)
                    .publisher(executor);
        }

        @Override
        public long maxElementsFromPublisher() {
            return 100_000;
        }
    }

    /** Closes the hub when the last element has been handed on. */
    private final class Counting implements Flow.Subscriber<Event> {
        private final Flow.Subscriber<? super Event> subscriber;
        private final AtomicLong left;
        private final EventHub hub;

        Counting(Flow.Subscriber<? super Event> subscriber, long elements, EventHub hub) {
            this.subscriber = subscriber;
            this.left = new AtomicLong(elements);
            this.hub = hub;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscriber.onSubscribe(subscription);
            closeBehindTheLast();
        }

        @Override
        public void onNext(Event event) {
            subscriber.onNext(event);
            left.decrementAndGet();
            closeBehindTheLast();
        }

        private void closeBehindTheLast() {
            if (left.get() == 0) {
                executor.execute(hub::close);
            }
        }

        @Override
        public void onError(Throwable failure) {
            subscriber.onError(failure);
        }

        @Override
        public void onComplete() {
            subscriber.onComplete();
        }
    }
}
