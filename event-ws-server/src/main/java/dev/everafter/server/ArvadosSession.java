package dev.everafter.server;

import dev.everafter.core.Position;
import dev.everafter.server.spi.BearerToken;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One v0 connection. Nothing is done for it until the API server says that its token is valid; then its messages are answered
 * in order, and events follow. At most one message is on its way, and none is built while that isn't accepted, so a client that
 * reads slowly costs its cursor's numbers and one message.
 *
 * <p>Fields without {@code volatile} belong to the turn. The other methods may be called by any thread, and none of them blocks.
 */
final class ArvadosSession {
    private static final Logger LOG = LoggerFactory.getLogger(ArvadosSession.class);
    /** What a client may have said that isn't answered yet. */
    private static final int COMMANDS_AHEAD = 100;
    /** Answers that may wait for the socket before the client's next message is looked at. */
    private static final int ANSWERS_AHEAD = 16;

    private final ArvadosHost host;
    private final Channel channel;
    private final EndpointOptions options;
    private final Turns turns;
    private final RateLimit rate;
    private final BlockingQueue<ArvadosCommand> inbox = new ArrayBlockingQueue<>(COMMANDS_AHEAD);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private volatile boolean inFlight;
    private volatile long sentAt;
    private volatile boolean sendFailed;
    private volatile boolean overdue;
    private volatile boolean beatDue;
    private volatile Optional<Closing> asked = Optional.empty();
    private volatile int peerClosed;
    private volatile boolean waiting = true;
    private volatile boolean done;

    private final long openedAt;
    private final Optional<BearerToken> token;
    private final Runnable tokenWaiter = this::signal;
    private Answers<ArvadosChecks.Question, Boolean>.@Nullable Question known;
    private Optional<ArvadosStream> stream = Optional.empty();
    private final ArrayDeque<Outgoing> outbox = new ArrayDeque<>();
    private Optional<Closing> closing = Optional.empty();

    /** @param token what the client showed at the handshake */
    ArvadosSession(ArvadosHost host, Channel channel, Optional<BearerToken> token) {
        this.host = host;
        this.channel = channel;
        this.options = host.options();
        this.token = token;
        this.turns = new Turns(host.workers(), this::turnSafely, () -> end(1006));
        this.rate = new RateLimit(options.limits().messagesPerSecond(), options.ticker());
        this.openedAt = options.ticker().getAsLong();
        this.sentAt = openedAt;
    }

    // ---- what gives it work

    /** The client said something; called by one thread at a time. */
    void received(String text) {
        options.listener().onMessageReceived(text.length());
        if (!rate.take()) {
            options.listener().onLimit(Limit.MESSAGES_PER_SECOND);
            leave(
                    CloseCode.TOO_MANY,
                    "a client may send " + options.limits().messagesPerSecond() + " messages a second");
        } else {
            command(ArvadosCommand.parse(text, host.filters()));
        }
    }

    /** The client sent something else than text. */
    void receivedBytes() {
        command(new ArvadosCommand.Unusable("messages are text"));
    }

    private void command(ArvadosCommand command) {
        if (inbox.offer(command)) {
            signal();
        } else {
            leave(CloseCode.TOO_MANY, "more messages than the server can handle are waiting");
        }
    }

    /** Closes without a word. */
    void leave(CloseCode code, String reason) {
        asked = Optional.of(new Closing(code, reason));
        signal();
    }

    /** The connection is gone. */
    void closed(int code) {
        peerClosed = code;
        signal();
    }

    /** Looks at the clock; called by the host, by one thread at a time. */
    void tick(long now) {
        if (inFlight && now - sentAt >= options.sendDeadline().toNanos()) {
            overdue = true;
            signal();
        } else if (!inFlight && now - sentAt >= host.rules().heartbeat().toNanos()) {
            beatDue = true;
            signal();
        } else if (waiting) {
            signal();
        }
    }

    /** Gives up on closing in order. */
    void abort() {
        channel.abort();
        closed(1006);
    }

    /** Done when nothing is left of it. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    void signal() {
        turns.signal();
    }

    // ---- the turn

    private void turnSafely() {
        try {
            turn();
        } catch (ArvadosStream.EndedException e) {
            sayAndClose(500, "the log can't be followed", CloseCode.RESTART);
        } catch (RuntimeException | Error e) {
            LOG.error("a session failed and is closed", e);
            options.listener().onError(ErrorCode.INTERNAL);
            sayAndClose(500, "internal error", CloseCode.INTERNAL);
        }
    }

    /** Once; whoever fails at that is closed at once. */
    private void sayAndClose(int status, String message, CloseCode code) {
        if (closing.isPresent()) {
            close(code, message);
            return;
        }
        outbox.clear();
        outbox.addLast(Outgoing.of(ArvadosMessages.status(status, message)));
        closing = Optional.of(new Closing(code, message));
        signal();
    }

    private void turn() {
        if (done) {
            return;
        }
        if (peerClosed != 0) {
            end(peerClosed);
        } else if (sendFailed) {
            end(1006);
            // Most likely gone already; a connection that nobody serves must not stay in any case.
            host.mayBlock(channel::abort);
        } else if (overdue) {
            giveUp();
        } else if (asked.isPresent()) {
            close(asked.get().code(), asked.get().reason());
        } else {
            if (closing.isEmpty()) {
                if (admit()) {
                    listen();
                }
            }
            speak();
        }
    }

    private boolean admit() {
        if (stream.isPresent()) {
            return true;
        }
        Optional<Boolean> valid = token.isEmpty() ? Optional.of(false) : isValid(token.get());
        if (valid.isEmpty()) {
            if (options.ticker().getAsLong() - openedAt
                    >= host.rules().tokenPatience().toNanos()) {
                sayAndClose(500, "tokens can't be checked now: try again later", CloseCode.OVERLOADED);
            }
            return false;
        }
        if (!valid.get()) {
            sayAndClose(401, "no valid token", CloseCode.UNAUTHORIZED);
            return false;
        }
        waiting = false;
        stream = Optional.of(new ArvadosStream(host, token.get(), this::signal));
        return true;
    }

    private Optional<Boolean> isValid(BearerToken shown) {
        if (known == null || known.isOver()) {
            known = host.checks().isValid(shown, tokenWaiter);
        }
        return known.answer();
    }

    private void listen() {
        Optional<Position> head = host.hub().head();
        // Until the log is followed there is no place to start from.
        waiting = head.isEmpty() && !inbox.isEmpty();
        while (head.isPresent() && outbox.size() < ANSWERS_AHEAD) {
            ArvadosCommand next = inbox.poll();
            if (next == null) {
                return;
            }
            outbox.addLast(Outgoing.of(answer(next, stream.orElseThrow(), head.get())));
        }
    }

    private static String answer(ArvadosCommand command, ArvadosStream stream, Position head) {
        if (command instanceof ArvadosCommand.Subscribe subscribe) {
            return stream.subscribe(subscribe, head);
        }
        if (command instanceof ArvadosCommand.Unsubscribe unsubscribe) {
            return stream.unsubscribe(unsubscribe);
        }
        return ArvadosMessages.status(400, ((ArvadosCommand.Unusable) command).why());
    }

    private void speak() {
        if (inFlight) {
            return;
        }
        if (outbox.isEmpty() && closing.isPresent()) {
            close(closing.get().code(), closing.get().reason());
            return;
        }
        if (outbox.isEmpty()) {
            stream.flatMap(ArvadosStream::next).ifPresent(event -> outbox.addLast(Outgoing.of(event, 1)));
        }
        if (outbox.isEmpty() && beatDue) {
            outbox.addLast(Outgoing.of(ArvadosMessages.KEEP_ALIVE));
        }
        beatDue = false;
        Outgoing next = outbox.pollFirst();
        if (next != null) {
            send(next);
        }
    }

    private void send(Outgoing message) {
        sentAt = options.ticker().getAsLong();
        inFlight = true;
        options.listener().onMessageSent(message.length(), message.events());
        channel.send(message, error -> {
            sendFailed |= error.isPresent();
            inFlight = false;
            signal();
        });
    }

    private void giveUp() {
        options.listener().onSendDeadline();
        String reason = "nothing was accepted for " + options.sendDeadline().toMillis() + " ms";
        LOG.info("a session is closed with {}: {}", CloseCode.STALLED.number(), reason);
        end(CloseCode.STALLED.number());
        host.mayBlock(() -> {
            channel.close(CloseCode.STALLED, reason);
            channel.abort();
        });
    }

    private void close(CloseCode code, String reason) {
        if (done) {
            return;
        }
        end(code.number());
        if (inFlight) {
            // A container's close may wait for what is on its way: not in a thread that serves the others.
            host.mayBlock(() -> channel.close(code, reason));
        } else {
            channel.close(code, reason);
        }
    }

    private void end(int code) {
        if (done) {
            return;
        }
        done = true;
        stream.ifPresent(ArvadosStream::close);
        if (known != null) {
            known.release(tokenWaiter);
        }
        inbox.clear();
        outbox.clear();
        host.remove(this);
        options.listener().onSessionClosed(code);
        ended.complete(null);
    }
}
