package dev.everafter.server;

import java.util.ArrayDeque;
import java.util.Optional;

/**
 * What a client has said and the session hasn't acted on yet: bounded, so that a client that talks faster than it is
 * served costs no memory. Acks in a row for one subscription are kept as one, the last.
 *
 * <p>Safe for use by any thread.
 */
final class Inbox {
    private static final int MAX_MESSAGES = 1_000;
    private static final int MAX_CHARS = 1 << 20;

    private final ArrayDeque<Waiting> messages = new ArrayDeque<>();
    private int chars;

    private record Waiting(ClientMessage message, int length) {}

    /**
     * Takes a message in.
     *
     * @param length what it costs, in characters
     * @return false if there is no room
     */
    synchronized boolean offer(ClientMessage message, int length) {
        Waiting waiting = messages.peekLast();
        if (message instanceof ClientMessage.Ack next
                && waiting != null
                && waiting.message() instanceof ClientMessage.Ack last
                && last.sub().equals(next.sub())) {
            messages.removeLast();
            messages.addLast(new Waiting(next, waiting.length()));
            return true;
        }
        if (messages.size() == MAX_MESSAGES || chars + length > MAX_CHARS) {
            return false;
        }
        messages.addLast(new Waiting(message, length));
        chars += length;
        return true;
    }

    synchronized Optional<ClientMessage> poll() {
        Optional<Waiting> next = Optional.ofNullable(messages.pollFirst());
        next.ifPresent(waiting -> chars -= waiting.length());
        return next.map(Waiting::message);
    }

    synchronized void clear() {
        messages.clear();
        chars = 0;
    }
}
