package dev.everafter.examples;

import dev.everafter.core.Cursor;
import dev.everafter.core.Event;
import dev.everafter.core.EventHub;
import dev.everafter.core.Filter;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.Poll;
import dev.everafter.core.RawJson;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/**
 * Follows a log inside one's own service, without a server or a socket: every order is told once, in order, those from
 * before the start as well as those that come while it runs.
 *
 * <p>The log is in memory here; with {@code PgEventLog} in its place the same code follows a database.
 */
public final class EmbedTheHub {
    private EmbedTheHub() {}

    /** Tells three orders and leaves the invoice out. */
    public static void main(String[] args) throws InterruptedException {
        try (InMemoryEventLog log = new InMemoryEventLog();
                EventHub hub = EventHub.builder(log).build()) {
            log.append("orders", "insert", RawJson.of("{\"id\":1,\"total\":20}"));
            log.append("invoices", "insert", RawJson.of("{\"id\":1}"));
            log.append("orders", "insert", RawJson.of("{\"id\":2,\"total\":12}"));
            // Writers go on while somebody follows: a cursor knows no difference between then and now.
            Thread writer = new Thread(() -> log.append("orders", "insert", RawJson.of("{\"id\":3,\"total\":10}")));
            writer.start();
            follow(hub, Selection.of(Filter.topic("orders")), 3, System.out::println);
            writer.join();
        }
    }

    /** Hands {@code count} events from the log's beginning on to {@code handler}. */
    static void follow(EventHub hub, Selection selection, int count, Consumer<Event> handler)
            throws InterruptedException {
        Semaphore news = new Semaphore(0);
        try (Cursor cursor = hub.open(selection, StartFrom.beginning())) {
            cursor.onReady(news::release);
            int left = count;
            while (left > 0) {
                Poll poll = cursor.poll(left, 64 * 1024);
                if (poll instanceof Poll.Events found) {
                    found.batch().events().forEach(handler);
                    left -= found.batch().events().size();
                } else if (poll instanceof Poll.Missing missing) {
                    throw new IllegalStateException("events can't be had any more: " + missing.gap());
                } else if (poll instanceof Poll.Ended ended) {
                    throw new IllegalStateException("the cursor has ended: " + ended.message());
                } else if (poll == Poll.Nothing.NOTHING) {
                    // A released permit may be an old one; then the next poll finds nothing, and waits again.
                    news.acquire();
                }
            }
        }
    }
}
