package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import jakarta.json.JsonObject;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A connection that accepts a message when the test says so. */
final class HandChannel implements Channel {
    private static final JsonProvider JSON = JsonProvider.provider();

    private final BlockingQueue<String> sent = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private volatile Consumer<Optional<Throwable>> done = error -> {};

    @Override
    public void send(Outgoing message, Consumer<Optional<Throwable>> whenDone) {
        most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
        done = whenDone;
        sent.add(message.text());
    }

    @Override
    public void close(CloseCode code, String reason) {
        closed.add(Integer.toString(code.number()));
    }

    @Override
    public void abort() {
        closed.add("abort");
    }

    /** Takes the message that is on its way, and leaves it there. */
    JsonObject look() throws InterruptedException {
        String text = sent.poll(30, TimeUnit.SECONDS);
        if (text == null) {
            throw new AssertionError("nothing was sent");
        }
        return JSON.createReader(new StringReader(text)).readObject();
    }

    void accept() {
        inFlight.decrementAndGet();
        done.accept(Optional.empty());
    }

    JsonObject take(String type) throws InterruptedException {
        JsonObject message = look();
        assertEquals(type, message.getString("type"), message::toString);
        accept();
        return message;
    }

    /** Whether nothing was sent that wasn't taken. */
    boolean isQuiet() {
        return sent.isEmpty();
    }

    boolean isOpen() {
        return closed.isEmpty();
    }

    /** The next close code, or "abort". */
    String nextEnd() throws InterruptedException {
        return String.valueOf(closed.poll(30, TimeUnit.SECONDS));
    }

    int mostInFlight() {
        return most.get();
    }
}
