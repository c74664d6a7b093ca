package dev.everafter.client;

import dev.everafter.client.EventClientException.Code;
import dev.everafter.client.ServerMessages.Events;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscription at work, through any number of connections: on each it begins from its {@link Progress}, and what an
 * earlier one has left behind is thrown away, so there is nothing to merge.
 *
 * <p>Everything that handles or moves happens on a strand, one task at a time. The methods named {@code on...} come from
 * the connection and only post; {@link #close()} and {@link #fail} may be called by any thread.
 */
final class Worker implements ActiveSubscription {
    private static final Logger LOG = LoggerFactory.getLogger(EventClient.class);

    private final String name;
    private final Subscription spec;
    private final Settings settings;
    private final Link link;
    private final Waiting waiting;
    private final Strand strand;
    private final Checkpoint checkpoint;
    private final Progress progress;
    private final Backoff refusals;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    /** Events that were received and wait for the handler. */
    private final AtomicInteger queued = new AtomicInteger();

    private volatile boolean ending;

    // Only the strand uses these.
    private @Nullable Routes connection;
    private @Nullable Channel channel;
    private @Nullable Place lastHole;
    private @Nullable Place lastMalformed;
    private boolean finished;

    Worker(Subscription spec, EventHandler handler, Settings settings, Link link, Waiting waiting) {
        this.name = spec.name().orElse("unnamed");
        this.spec = spec;
        this.settings = settings;
        this.link = link;
        this.waiting = waiting;
        this.strand = new Strand(settings.executor(), waiting.handling(), this::onRejected);
        this.checkpoint = new Checkpoint(this::save, settings.timer(), settings.saveInterval(), this::saveLater);
        Optional<Position> stored = spec.name().flatMap(settings.positions()::load);
        this.progress = settings.progress().make(name, spec, handler, settings.listener(), checkpoint, stored);
        this.refusals = settings.backoff();
    }

    @Override
    public Optional<Position> position() {
        return progress.position();
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

    void onConnected(Routes ready) {
        post(() -> {
            if (ready.isOpen() && !ending && !ready.equals(connection)) {
                connection = ready;
                subscribe(ready);
            }
        });
    }

    private void subscribe(Routes ready) {
        Channel opened = ready.open(this);
        channel = opened;
        opened.subscribe(ClientMessages.subscribe(opened.sub(), spec, progress.from(), settings.maxMessageBytes()));
    }

    void onSubscribed(Channel from, Position start) {
        post(from, () -> progress.subscribed(start));
    }

    void onEvents(Channel from, Events events) {
        int count = events.items().size();
        // A gap frees the server's window, so two of them may be under way.
        if (queued.addAndGet(count) > 2L * spec.window()) {
            queued.addAndGet(-count);
            link.drop(from.socket(), "subscription " + name + ": more events than its window of " + spec.window());
            return;
        }
        post(() -> {
            queued.addAndGet(-count);
            if (isCurrent(from)) {
                progress.events(events, () -> ending, from::ack);
                refusals.reset();
            }
        });
    }

    /** Positions that wait become one, so a slow handler doesn't collect them. */
    void onPosition(Channel from, long after, long to) {
        Advance next = new Advance(from, after, to);
        strand.post(next, last -> last instanceof Advance before && before.covers(next));
    }

    void onCaughtUp(Channel from) {
        post(from, progress::caughtUp);
    }

    void onFellBehind(Channel from) {
        post(from, progress::fellBehind);
    }

    void onQueued(Channel from, long ahead) {
        post(from, () -> progress.queued(ahead));
    }

    void onGap(Channel from, Gap gap) {
        LOG.warn("subscription {}: {}", name, gap);
        post(from, () -> progress.gap(gap));
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
        Routes ready = connection;
        if (channel == null && ready != null && ready.isOpen() && !ending) {
            subscribe(ready);
        }
    }

    private void saveLater() {
        post(checkpoint::flush);
    }

    private void save(Position position) {
        spec.name().ifPresent(key -> {
            settings.positions().save(key, position);
            settings.listener().onSaved(key, position);
        });
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
        return from.equals(channel) && from.isOpen() && !ending;
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
        } catch (HoleException e) {
            resumeAfterHole(e.flaw());
        } catch (Throwable e) {
            finish(Optional.of(e));
        }
    }

    private void resumeAfterHole(String flaw) {
        Place hole = new Place(position());
        LOG.warn("subscription {} at {}: hole: {}", name, hole.at, flaw);
        settings.listener().onHole(name, hole.at, flaw);
        if (hole.equals(lastHole)) {
            finish(Optional.of(new EventClientException(
                    Code.HOLE,
                    "subscription " + name + " at " + hole.at + ": twice in a row the server left out events without"
                            + " saying so (" + flaw + "); this is a fault of the server, or of what lies between")));
            return;
        }
        lastHole = hole;
        Channel faulty = channel;
        if (faulty != null) {
            link.drop(faulty.socket(), "subscription " + name + ": " + flaw);
        }
    }

    /** A message for this subscription, or another of the connection, could not be read. */
    void onMalformed(MalformedMessageException e) {
        post(() -> {
            Place place = new Place(position());
            if (place.equals(lastMalformed)) {
                throw new EventClientException(
                        Code.PROTOCOL,
                        "subscription " + name + " at " + place.at + ": twice in a row a message could not be read ("
                                + e.getMessage()
                                + "); if it is an event, go on without it by a filter or a later start",
                        e);
            }
            lastMalformed = place;
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
            cause.filter(first -> !first.equals(e)).ifPresent(first -> first.addSuppressed(e));
            failure = cause.or(() -> Optional.of(e));
        }
        if (channel != null && connection != null) {
            connection.close(channel);
        }
        link.detach(this);
        settings.listener().onEnded(name, failure);
        failure.ifPresentOrElse(
                error -> {
                    LOG.error("subscription {} at {} has ended", name, position(), error);
                    done.completeExceptionally(error);
                },
                () -> done.complete(null));
        if (failure.isPresent() && failure.get() instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Where the server left something out, or sent what can't be read. */
    private record Place(Optional<Position> at) {}

    /** Moves past what did not match. */
    private final class Advance implements Runnable {
        private final Channel from;
        private final long after;
        private long to;

        Advance(Channel from, long after, long to) {
            this.from = from;
            this.after = after;
            this.to = to;
        }

        boolean covers(Advance next) {
            if (!from.equals(next.from) || next.after > to) {
                return false;
            }
            to = Math.max(to, next.to);
            return true;
        }

        @Override
        public void run() {
            Worker.this.run(() -> {
                if (isCurrent(from)) {
                    progress.advanced(after, to);
                }
            });
        }
    }
}
