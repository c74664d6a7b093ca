package dev.everafter.client;

import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one connection as long as there are subscriptions, and makes a new one whenever it is lost: after the server's
 * own slot if it named one, else after a {@link Backoff} that begins again once a connection has been stable. Only what
 * would fail again as it is - a protocol that is not understood, a refused token where there is no other - ends the
 * subscriptions instead; where tokens are made anew, {@value #MOST_REFUSALS} of them may be refused in a row before.
 *
 * <p>A connection is lost when it is closed, when two pings in a row, a heartbeat apart, are not answered within the next
 * (so a server that only speaks, and hears nothing, is left as one that is gone), when a message can't be read, and when a
 * subscription drops it for a hole. Each loss is told once.
 *
 * <p>Safe for use by any thread. The lock is never held while a listener, a worker or the network is called.
 */
final class Link implements Socket.Owner {
    private static final Logger LOG = LoggerFactory.getLogger(EventClient.class);
    private static final int MOST_UNANSWERED = 2;
    private static final int MOST_REFUSALS = 5;

    private final Settings settings;
    private final Object lock = new Object();
    private final Set<Worker> workers = new LinkedHashSet<>();
    private final Backoff backoff;
    private State state = State.IDLE;
    private @Nullable Connection connection;
    private Timer.Handle retry = Timer.Handle.NONE;
    /** Tokens in a row that the server did not accept. */
    private int refusals;

    Link(Settings settings) {
        this.settings = settings;
        this.backoff = settings.backoff();
    }

    /** Takes {@code worker} along: it is told of every connection from now on. */
    void attach(Worker worker) {
        Connection ready;
        synchronized (lock) {
            if (state == State.CLOSED) {
                throw new IllegalStateException("the client is closed");
            }
            workers.add(worker);
            if (state == State.IDLE) {
                connect();
            }
            ready = state == State.READY ? connection : null;
        }
        if (ready != null) {
            worker.onConnected(ready.routes);
        }
    }

    /** Forgets {@code worker}, and the connection with the last of them. */
    void detach(Worker worker) {
        Connection idle = null;
        synchronized (lock) {
            workers.remove(worker);
            if (workers.isEmpty() && state != State.CLOSED) {
                idle = disconnect(State.IDLE);
            }
        }
        if (idle != null) {
            idle.socket.close(new CloseReason(CloseCodes.NORMAL_CLOSURE, "no subscriptions"));
        }
    }

    /** Ends the connection for good. */
    void close() {
        Connection open;
        synchronized (lock) {
            open = disconnect(State.CLOSED);
        }
        if (open != null) {
            open.socket.close(new CloseReason(CloseCodes.NORMAL_CLOSURE, "client closed"));
        }
    }

    private @Nullable Connection disconnect(State next) {
        Connection open = connection;
        connection = null;
        state = next;
        retry.cancel();
        if (open != null) {
            open.watch.cancel();
        }
        return open;
    }

    /** Gives the connection up, for {@code reason}, and makes another. */
    void drop(Socket socket, String reason) {
        lost(socket, reason, null);
    }

    private void connect() {
        Socket socket = new Socket(this, settings.threads(), Handshake.frameLimit(settings));
        Connection next = new Connection(socket, new Routes(this, socket));
        connection = next;
        state = State.CONNECTING;
        next.watch = settings.timer()
                .after(settings.connectTimeout(), () -> drop(socket, "no welcome within " + settings.connectTimeout()));
        // On a thread of its own: the container's call blocks until the handshake is done.
        settings.threads().newThread(() -> open(socket)).start();
    }

    private void open(Socket socket) {
        CompletableFuture<Optional<Token>> token = settings.tokens().next();
        if (token.isDone()) {
            open(socket, token);
        } else {
            // Not on the source's thread.
            CompletionStage<Optional<Token>> later = token;
            later.whenComplete((found, error) ->
                    settings.threads().newThread(() -> open(socket, token)).start());
        }
    }

    private void open(Socket socket, CompletableFuture<Optional<Token>> token) {
        if (token.isCompletedExceptionally()) {
            lost(
                    socket,
                    "no token: "
                            + rootMessage(token.handle((found, error) -> error).join()),
                    null);
        } else if (current(socket) != null) {
            open(socket, token.join());
        }
    }

    private void open(Socket socket, Optional<Token> token) {
        try {
            socket.connect(settings.container(), Handshake.config(settings, token), settings.uri());
        } catch (Exception e) {
            String message = rootMessage(e);
            lost(
                    socket,
                    "no connection: " + (isOfTls(e) ? "TLS failed: " : "") + message,
                    Closing.fatalHandshake(message));
        }
    }

    /** What the innermost cause says, such as "Signature does not match.", wouldn't be understood alone. */
    private static boolean isOfTls(@Nullable Throwable error) {
        return error != null && (error instanceof SSLException || isOfTls(error.getCause()));
    }

    private static String rootMessage(Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    private void reconnect() {
        synchronized (lock) {
            if (state == State.WAITING) {
                connect();
            }
        }
    }

    @Override
    public void onText(Socket socket, String text) {
        Connection current = current(socket);
        if (current == null) {
            return;
        }
        current.heardAt = settings.timer().nanoTime();
        try {
            ServerMessageReader.read(text, current.routes);
        } catch (MalformedMessageException e) {
            malformed(socket, e);
        }
    }

    /** Whom it was for can't be known, so all are told; the connection goes first, for nothing after it may be read. */
    private void malformed(Socket socket, MalformedMessageException e) {
        List<Worker> all;
        synchronized (lock) {
            all = List.copyOf(workers);
        }
        drop(socket, String.valueOf(e.getMessage()));
        all.forEach(worker -> worker.onMalformed(e));
    }

    private @Nullable Connection current(Socket socket) {
        synchronized (lock) {
            return connection != null && connection.socket == socket ? connection : null;
        }
    }

    void onWelcome(Socket socket, Duration heartbeat) {
        Connection ready;
        List<Worker> all;
        synchronized (lock) {
            ready = current(socket);
            if (ready == null || state != State.CONNECTING) {
                return;
            }
            state = State.READY;
            refusals = 0;
            ready.watch.cancel();
            ready.answeredAt = settings.timer().nanoTime();
            ready.readyAt = Optional.of(ready.answeredAt);
            all = List.copyOf(workers);
        }
        LOG.info("connected to {}", settings.uri());
        settings.listener().onConnected();
        all.forEach(worker -> worker.onConnected(ready.routes));
        beat(ready, heartbeat);
    }

    /**
     * Asks for a sign of life. Pings are counted, not timed: after this machine was asleep the server gets its chance.
     */
    private void beat(Connection ready, Duration heartbeat) {
        boolean alive;
        synchronized (lock) {
            if (connection != ready) {
                return;
            }
            alive = ready.unanswered < MOST_UNANSWERED;
            if (alive) {
                ready.unanswered++;
                ready.watch = settings.timer().after(heartbeat, () -> beat(ready, heartbeat));
            }
        }
        if (alive) {
            ready.socket.send(ClientMessages.PING);
        } else {
            giveUp(ready);
        }
    }

    private void giveUp(Connection silent) {
        long now = settings.timer().nanoTime();
        Duration silence = Duration.ofNanos(now - silent.answeredAt);
        settings.listener().onSilence(silence);
        drop(
                silent.socket,
                "no ping was answered for " + silence + "; the last message came "
                        + Duration.ofNanos(now - silent.heardAt) + " ago");
    }

    void onPong(Socket socket) {
        synchronized (lock) {
            Connection current = current(socket);
            if (current != null) {
                current.unanswered = 0;
                current.answeredAt = settings.timer().nanoTime();
            }
        }
    }

    void onGoodbye(Socket socket, String reason, Optional<Duration> reconnectAfter) {
        synchronized (lock) {
            Connection current = current(socket);
            if (current == null) {
                return;
            }
            current.slot = reconnectAfter;
        }
        LOG.info("the server says goodbye: {}", reason);
        settings.listener().onGoodbye(reason, reconnectAfter.orElse(Duration.ZERO));
    }

    void onServerError(String code, String message) {
        LOG.warn("the server reports {}: {}", code, message);
        settings.listener().onServerError(Optional.empty(), code, message);
    }

    @Override
    public void onClosed(Socket socket, int code, String reason) {
        lost(socket, "closed with " + code + (reason.isEmpty() ? "" : " " + reason), Closing.fatal(code, reason));
    }

    private void lost(Socket socket, String reason, @Nullable EventClientException fatal) {
        Optional<Loss> loss = take(socket, fatal);
        // After the loss is taken: the container's own word of this close must not come before the true reason.
        socket.abandon(new CloseReason(CloseCodes.GOING_AWAY, "resuming on another connection"));
        if (loss.isEmpty()) {
            return;
        }
        settings.listener().onDisconnected(reason);
        EventClientException end = loss.get().fatal;
        if (end == null) {
            LOG.info(
                    "connection lost: {}; next try in {} ms",
                    reason,
                    loss.get().delay.toMillis());
            settings.listener().onReconnecting(loss.get().attempt, loss.get().delay);
        } else {
            LOG.error("connection lost for good: {}", end.getMessage());
            loss.get().failed.forEach(worker -> worker.fail(end));
        }
    }

    /** Empty if the connection was given up before. */
    private Optional<Loss> take(Socket socket, @Nullable EventClientException fatal) {
        synchronized (lock) {
            Connection gone = current(socket);
            if (gone == null) {
                return Optional.empty();
            }
            if (gone.lasted(settings.timer().nanoTime(), settings.stableAfter())) {
                backoff.reset();
            }
            if (fatal != null && !mayTryAnotherToken(fatal)) {
                disconnect(State.IDLE);
                return Optional.of(new Loss(0, Duration.ZERO, fatal, List.copyOf(workers)));
            }
            disconnect(State.WAITING);
            Duration delay = gone.slot.orElseGet(backoff::next);
            retry = settings.timer().after(delay, this::reconnect);
            return Optional.of(new Loss(Math.max(1, backoff.failures()), delay, null, List.of()));
        }
    }

    private boolean mayTryAnotherToken(EventClientException fatal) {
        boolean refused = fatal.code() == EventClientException.Code.UNAUTHORIZED;
        return refused && settings.tokens().renewable() && ++refusals < MOST_REFUSALS;
    }

    /** What follows from a loss: another attempt, or the end of those who {@code failed}. */
    private record Loss(
            int attempt, Duration delay, @Nullable EventClientException fatal, List<Worker> failed) {}

    private enum State {
        /** Nobody needs a connection. */
        IDLE,
        /** From the attempt to the server's welcome. */
        CONNECTING,
        /** Welcomed. */
        READY,
        /** Lost; the next attempt comes later. */
        WAITING,
        /** Never again. */
        CLOSED
    }

    /** What is known of one attempt; changed under the link's lock, but for {@code heardAt}. */
    private static final class Connection {
        final Socket socket;
        final Routes routes;
        volatile long heardAt;
        volatile long answeredAt;
        int unanswered;
        Timer.Handle watch = Timer.Handle.NONE;
        Optional<Long> readyAt = Optional.empty();
        Optional<Duration> slot = Optional.empty();

        Connection(Socket socket, Routes routes) {
            this.socket = socket;
            this.routes = routes;
        }

        boolean lasted(long now, Duration atLeast) {
            return readyAt.filter(at -> now - at >= atLeast.toNanos()).isPresent();
        }
    }
}
