package dev.everafter.server;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Sends WebSocket frames that are made already, so that one can go to any number of sessions. A container's glue that can do
 * this puts one under {@link EventEndpoint#FRAMES} into the user properties of the handshake.
 *
 * <p>Called by one thread at a time for each connection.
 */
public interface FrameWriter {
    /**
     * Sends one whole frame without blocking, behind and before whole frames that the container sends by itself; none after
     * a close frame.
     *
     * @param frame a view of bytes that others send as well, so they must not be changed
     * @param done called once, by any thread, perhaps before this method returns; with what went wrong if something did
     */
    void send(ByteBuffer frame, Consumer<Optional<Throwable>> done);
}
