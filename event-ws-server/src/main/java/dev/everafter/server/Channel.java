package dev.everafter.server;

import java.util.Optional;
import java.util.function.Consumer;

/** What a session needs of its connection. Calls come from one thread at a time, but for {@link #abort}. */
interface Channel {
    /**
     * Sends one text message without blocking. Never called again before {@code done} was.
     *
     * @param done called once, by any thread, perhaps before this method returns; with what went wrong if something did
     */
    void send(Outgoing message, Consumer<Optional<Throwable>> done);

    /** Closes in order, with a code and a reason of at most 123 bytes. May block where the container does. */
    void close(CloseCode code, String reason);

    /** Closes at once, whatever is still on its way, if the container can. */
    void abort();
}
