package dev.everafter.server;

import dev.everafter.core.Revocation;
import dev.everafter.server.spi.BearerToken;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: what it says is in order, and at most one message is on its way. While that message isn't accepted,
 * nothing is built; what has come up meanwhile goes in the next. So a session that reads slowly costs its cursors'
 * numbers and one message.
 *
 * <p>Everything that can give it work (a cursor with news, a socket that can be written to, a client's message, the
 * heartbeat, the end) sets a flag and counts in {@link #work}; whoever counts up from zero runs the turns, so one runs at
 * a time. Fields without {@code volatile} belong to the turn. The other methods may be called by any thread, and none of
 * them blocks.
 */
final class EventSession implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(EventSession.class);
    /** Turns before another session has its go. */
    private static final int TURNS = 8;
    /** Answers that may wait for the socket before the client's next message is looked at. */
    private static final int ANSWERS_AHEAD = 16;

    private final SessionHost host;
    private final Channel channel;
    private final EndpointOptions options;
    private final Inbox inbox = new Inbox();
    private final RateLimit rate;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private final AtomicInteger work = new AtomicInteger();
    private volatile boolean inFlight;
    private volatile long sentAt;
    private volatile boolean sendFailed;
    private volatile boolean overdue;
    private volatile boolean beatDue;
    private volatile Optional<Closing> refused = Optional.empty();
    private volatile int peerClosed;
    private volatile long goodbyeSlot = -1;
    private volatile boolean greeted;
    private volatile boolean done;

    private long nextBeat;

    private final Subscriptions subscriptions = new Subscriptions();
    private final Identity identity;
    private final Requests requests;
    private Optional<Long> knownAt = Optional.empty();
    private final ArrayDeque<Outgoing> outbox = new ArrayDeque<>();
    private Optional<Closing> closing = Optional.empty();

    /** @param token what the client showed at the handshake */
    EventSession(SessionHost host, Channel channel, Optional<BearerToken> token) {
        this.host = host;
        this.channel = channel;
        this.options = host.options();
        this.identity = new Identity(host, token, subscriptions, outbox::addLast, this::signal);
        this.requests = new Requests(host, subscriptions, outbox::addLast, this::signal, identity);
        this.nextBeat = options.ticker().getAsLong() + options.heartbeat().toNanos();
        this.rate = new RateLimit(options.limits().messagesPerSecond(), options.ticker());
    }

    // ---- what gives it work

    /** The client said something; called by one thread at a time. */
    void received(String text) {
        options.listener().onMessageReceived(text.length());
        if (refused.isPresent()) {
            return;
        }
        ClientMessage message = host.parser().parse(text);
        // An ack answers what was sent, which is as often as that.
        if (!(message instanceof ClientMessage.Ack) && !rate.take()) {
            options.listener().onLimit(Limit.MESSAGES_PER_SECOND);
            refuse(
                    CloseCode.TOO_MANY,
                    "a client may send " + options.limits().messagesPerSecond() + " messages a second");
        } else if (inbox.offer(message, text.length())) {
            signal();
        } else {
            refuse(CloseCode.TOO_MANY, "more messages than the server can handle are waiting");
        }
    }

    /** The client did something after which nothing is said any more. */
    void refuse(CloseCode code, String reason) {
        refused = Optional.of(new Closing(code, reason));
        signal();
    }

    /** The connection is gone. */
    void closed(int code) {
        peerClosed = code;
        signal();
    }

    /**
     * What {@code revocation}'s subject may see has changed; called before anything that comes after it can be polled.
     *
     * @return whether that may be this client
     */
    boolean revoke(Revocation revocation) {
        return identity.revoke(revocation);
    }

    /** Looks at the clock; called by the host, by one thread at a time. */
    void tick(long now) {
        if (inFlight && now - sentAt >= options.sendDeadline().toNanos()) {
            overdue = true;
            signal();
        }
        if (now - nextBeat >= 0) {
            nextBeat = now + options.heartbeat().toNanos();
            beatDue = true;
            signal();
        }
        if (!greeted || identity.isDue()) {
            signal();
        }
    }

    /** Says goodbye and closes; the client is asked to wait for {@code slot} milliseconds. */
    void drain(long slot) {
        goodbyeSlot = slot;
        signal();
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
        if (work.getAndIncrement() == 0) {
            schedule();
        }
    }

    private void schedule() {
        try {
            host.workers().execute(this);
        } catch (RejectedExecutionException e) {
            // The host was closed, and only what it had to end itself is left: nobody else runs a turn any more.
            end(1006);
        }
    }

    /** Runs the turns that are due; for the workers. */
    @Override
    public void run() {
        int seen = work.get();
        for (int turns = 0; turns < TURNS; turns++) {
            turnSafely();
            seen = work.addAndGet(-seen);
            if (seen == 0) {
                return;
            }
        }
        schedule();
    }

    // ---- the turn

    private void turnSafely() {
        try {
            turn();
        } catch (Subscription.HubClosedException e) {
            close(CloseCode.RESTART, "the event hub was closed");
        } catch (RuntimeException | Error e) {
            LOG.error("a session failed and is closed", e);
            fail();
        }
    }

    /** Says so and closes; nothing that can fail again runs any more. */
    private void fail() {
        options.listener().onError(ErrorCode.INTERNAL);
        if (closing.isPresent()) {
            close(CloseCode.INTERNAL, "internal error");
            return;
        }
        outbox.clear();
        outbox.addLast(
                ServerMessages.error(ErrorCode.INTERNAL, "the server failed: try again later", Optional.empty()));
        closing = Optional.of(new Closing(CloseCode.INTERNAL, "internal error"));
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
        } else if (refused.isPresent()) {
            close(refused.get().code(), refused.get().reason());
        } else if (admit() && (greeted || greet())) {
            listen();
            speak();
        }
    }

    /** Nothing is said to whom isn't known, nor listened to but a token; nor to whom isn't known any more. */
    private boolean admit() {
        Optional<Closing> end = identity.check();
        if (end.isEmpty() && !identity.isKnown()) {
            end = goodbyeSlot >= 0
                    ? Optional.of(new Closing(CloseCode.GOING_AWAY, "the server is shutting down"))
                    : introduce();
        }
        end.ifPresent(closing -> close(closing.code(), closing.reason()));
        return !done && identity.isKnown();
    }

    private Optional<Closing> introduce() {
        return identity.isAsking() ? Optional.empty() : inbox.poll().flatMap(identity::introduced);
    }

    private boolean greet() {
        long now = options.ticker().getAsLong();
        long since = knownAt.orElse(now);
        knownAt = Optional.of(since);
        Optional<SessionHost.Greeting> greeting = host.greeting();
        boolean waited = now - since >= SessionHost.GREETING_PATIENCE.toNanos();
        if (greeting.isPresent() && (waited || greeting.get().oldest().isPresent() || host.oldestUnknown())) {
            greeted = true;
            outbox.addLast(ServerMessages.welcome(
                    options, greeting.get().head(), greeting.get().oldest()));
        } else if (waited) {
            close(CloseCode.OVERLOADED, "the log can't be followed yet: try again later");
        } else {
            return false;
        }
        return !done;
    }

    private void listen() {
        while (closing.isEmpty() && !identity.isAsking() && outbox.size() < ANSWERS_AHEAD) {
            Optional<ClientMessage> next = inbox.poll();
            if (next.isEmpty()) {
                break;
            }
            next.get().tell(requests);
        }
        if (goodbyeSlot >= 0 && closing.isEmpty()) {
            outbox.addLast(ServerMessages.goodbye("shutdown", goodbyeSlot));
            closing = Optional.of(new Closing(CloseCode.GOING_AWAY, "the server is shutting down"));
        }
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
            if (beatDue) {
                beatDue = false;
                subscriptions.beat();
            }
            subscriptions.advance(outbox, host::head, identity);
        }
        Outgoing next = outbox.pollFirst();
        if (next != null) {
            send(next);
        }
    }

    private void send(Outgoing message) {
        sentAt = options.ticker().getAsLong();
        inFlight = true;
        options.listener().onMessageSent(message.length(), message.events());
        channel.send(message, this::sent);
    }

    private void sent(Optional<Throwable> error) {
        sendFailed |= error.isPresent();
        inFlight = false;
        signal();
    }

    private void giveUp() {
        options.listener().onSendDeadline();
        String reason = "nothing was accepted for " + options.sendDeadline().toMillis() + " ms";
        LOG.info("a session is closed with {}: {}", CloseCode.STALLED.number(), reason);
        end(CloseCode.STALLED.number());
        closeChannel(CloseCode.STALLED, reason);
    }

    private void close(CloseCode code, String reason) {
        if (!done) {
            end(code.number());
            closeChannel(code, reason);
        }
    }

    private void closeChannel(CloseCode code, String reason) {
        if (inFlight) {
            // A container's close may wait for what is on its way: not in a thread that serves the others.
            host.mayBlock(() -> {
                channel.close(code, reason);
                if (code == CloseCode.STALLED) {
                    channel.abort();
                }
            });
        } else {
            channel.close(code, reason);
        }
    }

    private void end(int code) {
        if (done) {
            return;
        }
        done = true;
        identity.close();
        subscriptions.all().forEach(Subscription::close);
        inbox.clear();
        outbox.clear();
        host.remove(this);
        options.listener().onSessionClosed(code);
        ended.complete(null);
    }
}
