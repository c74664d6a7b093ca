package dev.everafter.server;

import dev.everafter.core.Batch;
import dev.everafter.core.Cursor;
import dev.everafter.core.Gap;
import dev.everafter.core.Poll;
import dev.everafter.core.Position;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import dev.everafter.server.ServerMessages.Unsubscribed;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One subscription of a connection: a cursor, and what the client has been told of it. Every message it puts out
 * continues the one before: {@code after} is always the position that the client was told last.
 *
 * <p>Belongs to its session's turn, but for the cursor's signal, which may come from any thread.
 */
final class Subscription {
    private final ClientMessage.Subscribe asked;
    private final Refs.Ref ref;
    private final EventsMessages messages;
    private final Cursors cursors;
    private final Rights rights;
    private final ServerListener listener;
    private final Window window;
    /** What a poll gave, and isn't put out yet: one message at a time, so that the others can still be taken back. */
    private final ArrayDeque<EventsMessages.Part> parts = new ArrayDeque<>();

    private final Runnable news;
    private final Optional<Stage> stage;
    private final Optional<Rendering> rendering;

    private Selection selection;
    private Cursor cursor;
    private volatile boolean ready = true;
    /** What the cursor gave last was dropped, so it is further than the client will ever be by it. */
    private boolean overrun;

    private boolean started;
    private boolean ended;
    private String epoch = "";
    private long told;
    /** The largest id that was ever sent: an ack up to it may have crossed a gap that took the position back. */
    private long sent;

    /** Where cursors come from. */
    interface Cursors {
        Cursor open(Selection selection, StartFrom from);
    }

    /**
     * @param signal what its cursors call when they have news
     * @param rendering how its events are shown, where not as they are
     * @param stage makes what its events have to pass before they are sent, with what is to run when more may pass
     */
    Subscription(
            ClientMessage.Subscribe asked,
            Refs.Ref ref,
            Cursors cursors,
            Rights rights,
            Runnable signal,
            ServerListener listener,
            Optional<Rendering> rendering,
            Function<Runnable, Optional<Stage>> stage) {
        this.asked = asked;
        this.ref = ref;
        this.cursors = cursors;
        this.rights = rights;
        this.listener = listener;
        this.news = () -> {
            ready = true;
            signal.run();
        };
        this.rendering = rendering;
        this.stage = stage.apply(news);
        // What went through the stage is rendered.
        this.messages = new EventsMessages(
                ref.number(), asked.maxMessage(), this.stage.isPresent() ? Optional.empty() : rendering);
        this.window = new Window(asked.window());
        this.selection = new Selection(asked.where(), rights.visibility());
        this.cursor = listened(cursors.open(selection, asked.from()));
    }

    /** Beyond what the client was told only as far as the cursor has found nothing to tell. */
    private Position place() {
        boolean told =
                overrun || isHeld() || !parts.isEmpty() || !cursor.epoch().equals(epoch);
        return new Position(epoch, told ? this.told : cursor.position());
    }

    private Cursor listened(Cursor opened) {
        opened.onReady(news);
        return opened;
    }

    /**
     * Goes on by the rights that there are now. What the ones before had decided and the client wasn't told is decided
     * anew, so nothing is sent any more that they alone allowed, and nothing left out.
     */
    void reselect() {
        Selection now = new Selection(asked.where(), rights.visibility());
        stage.ifPresent(held -> rights.principal().ifPresent(held::become));
        boolean settled = !overrun && !isHeld() && parts.isEmpty();
        if (ended || (now.equals(selection) && settled)) {
            return;
        }
        selection = now;
        Cursor before = cursor;
        cursor = listened(cursors.open(selection, started ? StartFrom.after(place()) : asked.from()));
        before.close();
        parts.clear();
        stage.ifPresent(Stage::drop);
        window.unsent(told);
        overrun = false;
    }

    /** Ends it, and says so, if its events may not be shown as it shows them to whom its rights are by now. */
    void checkRendering(Consumer<Outgoing> out) {
        if (rendering.isPresent() && !rendering.get().renderer().mayUse(rights.principal())) {
            fail(ErrorCode.RENDER_UNKNOWN, Renderings.unknown(asked.render()), out);
        }
    }

    String name() {
        return asked.sub();
    }

    int ref() {
        return ref.number();
    }

    boolean live() {
        return cursor.state() == Cursor.State.LIVE;
    }

    /** Whether a poll may find something that may be sent. */
    boolean pollable() {
        return !parts.isEmpty() || (ready && windowOpen());
    }

    boolean windowOpen() {
        return window.room() > 0;
    }

    /** Whether it has ended by itself; its last message is out. */
    boolean ended() {
        return ended;
    }

    /** Whether the client was told where it begins. */
    boolean started() {
        return started;
    }

    /** Where the client isn't yet, although nothing is left to be sent up to there. */
    Optional<Long> advanced() {
        boolean settled = started && !overrun && parts.isEmpty();
        long position = isHeld() ? stage.orElseThrow().passed() : cursor.position();
        return settled && position > told ? Optional.of(position) : Optional.empty();
    }

    private boolean isHeld() {
        return stage.isPresent() && stage.get().holds();
    }

    /** Where the client is, as far as it was told. */
    long told() {
        return told;
    }

    /** The client is being told that it is at {@code to}. */
    void tell(long to) {
        told = to;
        sent = Math.max(sent, to);
    }

    /** @return false if the client can't have got that far */
    boolean acked(long id) {
        if (id > sent) {
            return false;
        }
        window.acked(id);
        return true;
    }

    /** Ends it, and says so. */
    Outgoing close(Unsubscribed reason) {
        close();
        return ServerMessages.unsubscribed(name(), told, reason);
    }

    void close() {
        if (!ended) {
            ref.release();
        }
        ended = true;
        stage.ifPresent(Stage::drop);
        cursor.close();
        listener.onSubscriptionClosed();
    }

    /** Puts out what there is to say next, after a poll where nothing is left of the one before. */
    void poll(Consumer<Outgoing> out) {
        if (!parts.isEmpty()) {
            putOut(out);
            return;
        }
        // Before the poll: a signal that comes while it runs must not be lost.
        ready = false;
        if (isHeld()) {
            letGo(stage.orElseThrow());
            putOutIfAny(out);
            return;
        }
        Poll found = cursor.poll(maxEvents(), maxBytes());
        if (!rights.hold()) {
            // After the poll: what it found may have come after what took them away.
            overrun = true;
            return;
        }
        if (found instanceof Poll.Nothing) {
            noticeEpoch(out);
            return;
        }
        ready = true;
        if (found instanceof Poll.Started begin) {
            start(begin, out);
        } else if (found instanceof Poll.Events events) {
            take(events.batch());
            if (!noticeEpoch(out)) {
                putOutIfAny(out);
            }
        } else if (found instanceof Poll.Missing missing) {
            skip(missing.gap(), out);
        } else if (found instanceof Poll.CaughtUp live) {
            noticeEpoch(out);
            out.accept(ServerMessages.caughtUp(name(), live.at()));
        } else if (found instanceof Poll.FellBehind behind) {
            noticeEpoch(out);
            out.accept(ServerMessages.fellBehind(name(), behind.at()));
        } else if (found instanceof Poll.Queued queued) {
            out.accept(ServerMessages.queued(name(), queued.ahead()));
        } else {
            end((Poll.Ended) found, out);
        }
    }

    private int maxEvents() {
        int most = Math.min(asked.batch(), window.room());
        return stage.isPresent() ? Math.min(most, Stage.MAX_EVENTS) : most;
    }

    private long maxBytes() {
        // By a limit of its own choice the client could measure what it isn't shown.
        return stage.isPresent() || rendering.isPresent()
                ? Stage.MAX_BYTES
                : EventsMessages.itemBytes(asked.maxMessage());
    }

    private void start(Poll.Started begin, Consumer<Outgoing> out) {
        if (started) {
            // Another cursor, by other rights: the client goes on from where it is.
            return;
        }
        started = true;
        epoch = begin.position().epoch();
        tell(begin.position().id());
        out.accept(ServerMessages.subscribed(name(), ref(), begin.position(), begin.head()));
    }

    /**
     * A rewound log goes on under a new epoch also for those whose position is not in question. They must know it.
     *
     * @return whether it was told
     */
    private boolean noticeEpoch(Consumer<Outgoing> out) {
        // Empty: opened by other rights, and not begun yet.
        if (!started || cursor.epoch().isEmpty() || cursor.epoch().equals(epoch)) {
            return false;
        }
        epoch = cursor.epoch();
        out.accept(
                ServerMessages.subscribed(name(), ref(), new Position(epoch, told), Math.max(told, cursor.position())));
        return true;
    }

    private void take(Batch batch) {
        if (stage.isEmpty()) {
            build(batch);
        } else {
            stage.get().take(batch);
            letGo(stage.get());
        }
    }

    private void letGo(Stage from) {
        // As before a poll.
        ready = false;
        if (!rights.hold()) {
            // Looked at again with those that come.
            ready = true;
            return;
        }
        Stage.Decided decided = from.decide();
        if (!from.holds()) {
            ready = true;
        }
        if (!decided.events().isEmpty()) {
            build(new Batch(told, decided.to(), decided.events()));
        }
    }

    private void build(Batch batch) {
        // Between the position that the client knows and the first event nothing matched. A shared message mostly
        // begins
        // before that position; where it begins after it, as when a catch-up ended quietly, the client gets its own.
        EventsMessages.Built built = batch.after() <= told ? batch.encoded(messages) : messages.encode(told, batch);
        parts.addAll(built.parts());
        built.omitted().forEach(listener::onItemOmitted);
        window.sent(batch.events());
    }

    private void putOutIfAny(Consumer<Outgoing> out) {
        if (!parts.isEmpty()) {
            putOut(out);
        }
    }

    private void putOut(Consumer<Outgoing> out) {
        EventsMessages.Part next = parts.remove();
        out.accept(next.message());
        tell(next.to());
    }

    private void skip(Gap gap, Consumer<Outgoing> out) {
        if (gap.after() > told) {
            // Nothing matched up to there; without a word the client could not tell that from what was lost on the way.
            out.accept(ServerMessages.position(told, gap.after(), List.of(ref())));
        }
        out.accept(ServerMessages.gap(name(), gap));
        epoch = gap.resume().epoch();
        window.clear();
        tell(gap.resume().id());
        if (asked.stopOnGap()) {
            out.accept(close(Unsubscribed.GAP));
        }
    }

    private void end(Poll.Ended end, Consumer<Outgoing> out) {
        switch (end.reason()) {
            case POSITION_AHEAD -> fail(ErrorCode.POSITION_AHEAD, end.message(), out);
            case EPOCH_UNKNOWN -> fail(ErrorCode.EPOCH_UNKNOWN, end.message(), out);
            case CLOSED -> throw new HubClosedException();
        }
    }

    private void fail(ErrorCode code, String message, Consumer<Outgoing> out) {
        listener.onError(code);
        out.accept(ServerMessages.error(code, message, Optional.of(name())));
        if (started) {
            out.accept(close(Unsubscribed.ERROR));
        } else {
            close();
        }
    }

    /** The hub was closed under the endpoint. */
    static final class HubClosedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
