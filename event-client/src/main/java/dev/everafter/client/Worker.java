package dev.everafter.client;

import dev.everafter.client.EventClientException.Code;
import dev.everafter.client.ServerMessages.Events;
import dev.everafter.client.ServerMessages.Item;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import dev.everafter.core.StartFrom;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscription at work: hands each event to the handler once, in id order, across connections.
 *
 * <p>Its whole state is a position: the last event the handler returned from. Whatever the server sends is compared with
 * it - what lies behind is skipped, what leaves something out is a hole and not handled - and after every loss of the
 * connection the subscription begins again from it. What was received and not handled by then is thrown away, so there
 * is nothing to merge.
 *
 * <p>Everything that handles or moves happens on a strand, one task at a time. The methods named {@code on...} come from
 * the connection and only post; {@link #close()} and {@link #fail} may be called by any thread.
 */
final class Worker implements ActiveSubscription {
    private static final Logger LOG = LoggerFactory.getLogger(EventClient.class);

    private final String name;
    private final Subscription spec;
    private final EventHandler handler;
    private final Settings settings;
    private final Link link;
    private final Strand strand;
    private final Checkpoint checkpoint;
    private final Backoff refusals;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Waiting waiting;

    private volatile @Nullable Position position;
    private volatile boolean ending;

    // Only the strand uses these.
    private @Nullable Channel channel;
    private @Nullable Routes routes;
    private @Nullable Position holeAt;
    private int unacknowledged;
    private boolean finished;

    Worker(Subscription spec, EventHandler handler, Settings settings, Link link, Waiting waiting) {
        this.name = spec.name().orElse("unnamed");
        this.spec = spec;
        this.handler = handler;
        this.settings = settings;
        this.link = link;
        this.waiting = waiting;
        this.strand = new Strand(settings.executor(), waiting.handling(), this::onRejected);
        this.checkpoint =
                new Checkpoint(this::save, settings.timer(), settings.saveInterval(), () -> post(this::saveNow));
        this.refusals = settings.backoff();
        this.position = spec.name()
                .flatMap(settings.positions()::load)
                .orElseGet(() -> spec.from() instanceof StartFrom.After after ? after.position() : null);
    }

    @Override
    public Optional<Position> position() {
        return Optional.ofNullable(position);
    }

    @Override
    public CompletionStage<Void> done() {
        return done.minimalCompletionStage();
    }

    @Override
    public void close() {
        end(Optional.empty());
        waiting.await(done);
    }

    boolean isDone() {
        return done.isDone();
    }

    boolean isNamed(String name) {
        return spec.name().filter(name::equals).isPresent();
    }

    /** Ends with {@code cause}, after the running call of the handler. */
    void fail(Throwable cause) {
        end(Optional.of(cause));
    }

    /** Begins to end; {@link #done()} says when that is done. */
    void end(Optional<Throwable> cause) {
        ending = true;
        strand.post(() -> finish(cause));
    }

    void onConnected(Routes connection) {
        post(() -> {
            if (!ending && connection.isOpen() && connection != routes) {
                routes = connection;
                subscribe(connection);
            }
        });
    }

    private void subscribe(Routes connection) {
        Position from = position;
        Channel opened = connection.open(this);
        channel = opened;
        unacknowledged = 0;
        opened.subscribe(ClientMessages.subscribe(
                opened.sub(), spec, from == null ? spec.from() : StartFrom.after(from), settings.maxMessageBytes()));
    }

    void onSubscribed(Channel from, Position start) {
        post(from, () -> {
            Position here = position;
            if (here == null && spec.from() instanceof StartFrom.AfterId asked && start.id() > asked.id()) {
                dropForHole(start.at(asked.id()), "subscribed after " + start + " without a gap");
                return;
            }
            if (here == null || start.id() == here.id()) {
                // An equal id in a new epoch: the log was rewound, but not below this position.
                move(start);
            } else if (start.id() > here.id() || !start.epoch().equals(here.epoch())) {
                dropForHole(here, "subscribed after " + start + " without a gap");
                return;
            }
            settings.listener().onSubscribed(name, start);
        });
    }

    void onEvents(Channel from, Events events) {
        post(from, () -> {
            Position here = position;
            if (here == null) {
                link.drop(from.socket(), "events before the subscription was confirmed");
                return;
            }
            Optional<String> flaw = Continuity.flaw(here.id(), events);
            if (flaw.isPresent()) {
                dropForHole(here, flaw.get());
            } else {
                handle(from, here, events);
            }
        });
    }

    private void handle(Channel from, Position here, Events events) throws Exception {
        int repeats = 0;
        for (Item item : events.items()) {
            long id = item.event().id();
            if (id <= here.id()) {
                repeats++;
                continue;
            }
            if (ending) {
                return;
            }
            if (item.omitted().isEmpty()) {
                handler.onEvent(item.event());
            } else {
                handler.onOmitted(item.event(), item.omitted(), item.bytes());
            }
            move(here.at(id));
            unacknowledged++;
            if (unacknowledged >= Math.max(1, spec.window() / 4)) {
                acknowledge(from, id);
            }
        }
        if (events.to() > here.id()) {
            move(here.at(events.to()));
        }
        acknowledge(from, events.to());
        if (repeats > 0) {
            settings.listener().onRepeatsSkipped(name, repeats);
        }
    }

    private void acknowledge(Channel to, long at) {
        unacknowledged = 0;
        to.ack(at);
    }

    private void dropForHole(Position here, String flaw) {
        LOG.warn("subscription {} at {}: hole: {}", name, here, flaw);
        settings.listener().onHole(name, here, flaw);
        if (here.equals(holeAt)) {
            throw new EventClientException(
                    Code.HOLE,
                    "subscription " + name + " at " + here + ": twice in a row the server left out events without"
                            + " saying so (" + flaw + "); this is a fault of the server, or of what lies between");
        }
        holeAt = here;
        Channel faulty = channel;
        if (faulty != null) {
            link.drop(faulty.socket(), "subscription " + name + ": " + flaw);
        }
    }

    /** Positions that wait become one, so a slow handler doesn't collect them. */
    void onPosition(Channel from, long to) {
        Advance next = new Advance(from, to);
        strand.post(next, last -> last instanceof Advance before && before.covers(next));
    }

    void onCaughtUp(Channel from) {
        post(from, () -> {
            Position here = position;
            if (here != null) {
                settings.listener().onCaughtUp(name, here);
                handler.onCaughtUp(here);
            }
        });
    }

    void onFellBehind(Channel from) {
        post(from, () -> {
            Position here = position;
            if (here != null) {
                settings.listener().onFellBehind(name, here);
                handler.onFellBehind(here);
            }
        });
    }

    void onGap(Channel from, Gap gap) {
        post(from, () -> {
            if (ending) {
                return;
            }
            LOG.warn("subscription {}: {}", name, gap);
            settings.listener().onGap(name, gap);
            handler.onGap(gap);
            move(gap.resume());
            checkpoint.flush();
            if (spec.onGap() == GapPolicy.STOP) {
                throw new EventClientException(
                        Code.GAP,
                        "subscription " + name + ": the events in (" + gap.after() + ", " + gap.to()
                                + "] can't be had (" + gap.reason() + "); subscribe again to go on after "
                                + gap.resume() + ", or use GapPolicy.CONTINUE");
            }
        });
    }

    void onUnsubscribed(Channel from, String reason) {
        post(from, () -> {
            throw new EventClientException(
                    Code.UNSUBSCRIBED, "subscription " + name + ": the server ended it: " + reason);
        });
    }

    void onRefused(Channel from, String code, String message, boolean retry) {
        post(from, () -> {
            settings.listener().onServerError(Optional.of(name), code, message);
            if (!retry) {
                throw new EventClientException(
                        Code.REFUSED, "subscription " + spec + " was refused: " + code + ": " + message);
            }
            LOG.warn("subscription {}: {}: {}; trying again", name, code, message);
            channel = null;
            settings.timer().after(refusals.next(), () -> post(this::subscribeAgain));
        });
    }

    private void subscribeAgain() {
        Routes connection = routes;
        if (channel == null && connection != null && connection.isOpen() && !ending) {
            subscribe(connection);
        }
    }

    private void move(Position to) {
        position = to;
        refusals.reset();
        checkpoint.moved(to);
    }

    private void saveNow() {
        checkpoint.flush();
    }

    private void save(Position position) {
        spec.name().ifPresent(key -> {
            settings.positions().save(key, position);
            settings.listener().onSaved(key, position);
        });
    }

    private void onRejected(RejectedExecutionException e) {
        finish(Optional.of(new EventClientException(
                Code.EXECUTOR, "subscription " + name + ": the client's executor takes no more work", e)));
    }

    private void finish(Optional<Throwable> cause) {
        if (finished) {
            return;
        }
        finished = true;
        ending = true;
        Optional<Throwable> failure = cause;
        try {
            checkpoint.flush();
        } catch (RuntimeException e) {
            cause.filter(first -> first != e).ifPresent(first -> first.addSuppressed(e));
            failure = cause.or(() -> Optional.of(e));
        }
        Channel open = channel;
        if (open != null) {
            open.unsubscribe();
        }
        link.detach(this);
        settings.listener().onEnded(name, failure);
        failure.ifPresentOrElse(
                error -> {
                    LOG.error("subscription {} at {} has ended", name, position, error);
                    done.completeExceptionally(error);
                },
                () -> done.complete(null));
        if (failure.isPresent() && failure.get() instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
    }

    /** Posts what concerns {@code from}, and skips it if another channel has taken its place by then. */
    private void post(Channel from, Step step) {
        post(() -> {
            if (isCurrent(from)) {
                step.run();
            }
        });
    }

    private boolean isCurrent(Channel from) {
        return from.equals(channel) && from.isOpen();
    }

    private void post(Step step) {
        strand.post(() -> run(step));
    }

    /** Whatever goes wrong in a step, in the handler or the store, ends the subscription. */
    private void run(Step step) {
        if (finished) {
            return;
        }
        try {
            step.run();
        } catch (Throwable e) {
            finish(Optional.of(e));
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Moves past what did not match. */
    private final class Advance implements Runnable {
        private final Channel from;
        private long to;

        Advance(Channel from, long to) {
            this.from = from;
            this.to = to;
        }

        boolean covers(Advance next) {
            if (!from.equals(next.from)) {
                return false;
            }
            to = Math.max(to, next.to);
            return true;
        }

        @Override
        public void run() {
            Worker.this.run(() -> {
                Position here = position;
                if (isCurrent(from) && here != null && to > here.id()) {
                    move(here.at(to));
                }
            });
        }
    }
}
