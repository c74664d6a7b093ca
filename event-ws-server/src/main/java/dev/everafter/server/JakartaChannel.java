package dev.everafter.server;

import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A container's session as a {@link Channel}; messages go out as frames where the container has a way for them. */
final class JakartaChannel implements Channel {
    private static final Logger LOG = LoggerFactory.getLogger(JakartaChannel.class);

    private final Session session;
    private final Optional<FrameWriter> frames;

    JakartaChannel(Session session, Optional<FrameWriter> frames) {
        this.session = session;
        this.frames = frames;
    }

    /** The container's way to send frames, if it has one. */
    static Optional<FrameWriter> frames(Session session) {
        return session.getUserProperties().get(EventEndpoint.FRAMES) instanceof FrameWriter frames
                ? Optional.of(frames)
                : Optional.empty();
    }

    @Override
    public void send(Outgoing message, Consumer<Optional<Throwable>> done) {
        if (frames.isPresent()) {
            frames.get().send(message.frame(), done);
        } else {
            sendText(message.text(), done);
        }
    }

    private void sendText(String text, Consumer<Optional<Throwable>> done) {
        try {
            session.getAsyncRemote().sendText(text, result -> done.accept(Optional.ofNullable(result.getException())));
        } catch (RuntimeException | Error e) {
            // The connection was closed between the look and the send, or the container can't encode the text. Whatever
            // it is, the session must not wait for this message.
            done.accept(Optional.of(e));
        }
    }

    @Override
    public void close(CloseCode code, String reason) {
        try {
            session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(code.number()), reason));
        } catch (IOException | IllegalStateException e) {
            LOG.debug("the connection was closed already", e);
        }
    }

    @Override
    public void abort() {
        if (session.getUserProperties().get(EventEndpoint.ABORT) instanceof Runnable abort) {
            abort.run();
        } else {
            // The best that the API has.
            close(CloseCode.GOING_AWAY, "the server is shutting down");
        }
    }
}
