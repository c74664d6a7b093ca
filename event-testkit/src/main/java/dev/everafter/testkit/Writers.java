package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.opentest4j.TestAbortedException;

/**
 * Threads that write transactions of several sizes at once, some of which roll back, until they are told to stop; and
 * the check that a history has just what they committed. Each event's data names its writer, its writer's transaction,
 * and its place there.
 *
 * <p>For one thread, which starts them and asks.
 */
final class Writers implements AutoCloseable {
    /** Up to that many events of a transaction have consecutive ids. */
    private static final int PART = 256;
    /** The most transactions of one writer, lest a test that fails to stop them fills the memory. */
    private static final int MOST = 5_000;

    private final ExecutorService executor;
    private final List<Future<List<Integer>>> running = new ArrayList<>();
    private final CountDownLatch some;
    private volatile boolean stop;
    private final List<List<Integer>> committed = new ArrayList<>();

    /** Starts {@code writers} threads. */
    Writers(EventLogSubject subject, int writers, Random random) {
        this.executor = Executors.newFixedThreadPool(writers);
        this.some = new CountDownLatch(writers * 10);
        for (int w = 1; w <= writers; w++) {
            int writer = w;
            long seed = random.nextLong();
            running.add(executor.submit(() -> write(subject, writer, new Random(seed))));
        }
    }

    private List<Integer> write(EventLogSubject subject, int writer, Random random) throws Exception {
        List<Integer> sizes = new ArrayList<>();
        for (int tx = 1; !stop && tx <= MOST; tx++) {
            int size = random.nextInt(20) == 0 ? random.nextInt(250, 600) : random.nextInt(1, 6);
            String topic = "writer." + writer;
            if (random.nextInt(4) == 0) {
                try {
                    subject.rollBack(topic, transaction(writer, tx, size));
                } catch (TestAbortedException cannot) {
                    // then without
                }
                sizes.add(0);
            } else {
                subject.append(topic, transaction(writer, tx, size));
                sizes.add(size);
            }
            some.countDown();
        }
        return sizes;
    }

    /** The data of one transaction. */
    static List<RawJson> transaction(int writer, int tx, int size) {
        List<RawJson> data = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            data.add(RawJson.of("{\"writer\":" + writer + ",\"tx\":" + tx + ",\"i\":" + i + ",\"of\":" + size + "}"));
        }
        return data;
    }

    void awaitSome() throws InterruptedException {
        assertTrue(some.await(60, TimeUnit.SECONDS), "the writers don't get on");
    }

    /** Whether one of them has ended, which it should not by itself. */
    boolean anyEnded() {
        return running.stream().anyMatch(Future::isDone);
    }

    /** Lets each finish its transaction, and returns how many events they committed in all. */
    int stop() throws InterruptedException, ExecutionException {
        stop = true;
        for (Future<List<Integer>> writer : running) {
            committed.add(writer.get());
        }
        return committed.stream().flatMap(List::stream).mapToInt(size -> size).sum();
    }

    /** Each committed event once, nothing else, and each writer's in the order it wrote them. */
    void assertAllOnceInOrder(List<Event> history) {
        for (int w = 1; w <= committed.size(); w++) {
            String topic = "writer." + w;
            List<Integer> sizes = committed.get(w - 1);
            List<JsonObject> expected = new ArrayList<>();
            for (int tx = 1; tx <= sizes.size(); tx++) {
                transaction(w, tx, sizes.get(tx - 1))
                        .forEach(data -> expected.add(data.parse().asJsonObject()));
            }
            List<JsonObject> found = history.stream()
                    .filter(event -> event.topic().equals(topic))
                    .map(Writers::data)
                    .toList();
            assertEquals(expected, found, topic);
        }
    }

    /**
     * Ids strictly grow; each transaction is in order, in parts of consecutive ids, and {@code last} marks its end, where
     * the log keeps transactions together.
     */
    static void assertWholeTransactions(EventLogSubject subject, List<Event> history) {
        boolean together = subject.keepsTransactionsTogether();
        long before = -1;
        int next = 0;
        for (Event event : history) {
            JsonObject data = data(event);
            int place = data.getInt("i");
            assertTrue(event.id() > before, () -> "not in order: " + event);
            if (together) {
                assertEquals(place + 1 == data.getInt("of"), event.last(), event::toString);
            }
            if (together && place % PART != 0) {
                assertEquals(next, place, () -> "out of place: " + event);
                assertEquals(before + 1, event.id(), () -> "not consecutive: " + event);
            }
            before = event.id();
            next = place + 1;
        }
    }

    private static JsonObject data(Event event) {
        return event.data().orElseThrow().parse().asJsonObject();
    }

    @Override
    public void close() {
        stop = true;
        executor.shutdownNow();
    }
}
