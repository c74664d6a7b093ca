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

    private final ArrayDeque<ClientMessage> messages = new ArrayDeque<>();
    private int chars;

    /**
     * Takes a message in.
     *
     * @param length what it costs, in characters
     * @return false if there is no room
     */
    synchronized boolean offer(ClientMessage message, int length) {
        if (message instanceof ClientMessage.Ack next
                && messages.peekLast() instanceof ClientMessage.Ack last
                && last.sub().equals(next.sub())) {
            messages.removeLast();
            messages.addLast(next);
            return true;
        }
        if (messages.size() == MAX_MESSAGES || chars + length > MAX_CHARS) {
            return false;
        }
        messages.addLast(message);
        chars += length;
        return true;
    }

    synchronized Optional<ClientMessage> poll() {
        Optional<ClientMessage> next = Optional.ofNullable(messages.pollFirst());
        if (messages.isEmpty()) {
            chars = 0;
        }
        return next;
    }

    synchronized void clear() {
        messages.clear();
        chars = 0;
    }
}
