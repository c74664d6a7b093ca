package dev.everafter.client;

import dev.everafter.client.EventClientException.Code;
import dev.everafter.client.ServerMessages.Events;
import dev.everafter.client.ServerMessages.Item;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import dev.everafter.core.StartFrom;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How far one subscription has got: the last event that its handler returned from. Whatever the server says is compared
 * with that - what lies behind it is skipped, what leaves something out is a {@link HoleException} and not handled - so
 * the handler sees each event once, in id order, however often and from wherever the server begins again.
 *
 * <p>Belongs to the subscription's strand; {@link #position()} may be called by any thread.
 */
class Progress {
    private final String name;
    private final Subscription spec;
    private final EventHandler handler;
    private final ClientListener listener;
    private final Checkpoint checkpoint;

    private volatile @Nullable Position position;
    /** The server goes on from a smaller id in another epoch; until it has said why, nothing may be handled. */
    private boolean gapOwed;

    private int unacknowledged;

    /** Makes them. Tests take their own, which leave a step out. */
    interface Maker {
        Progress make(
                String name,
                Subscription spec,
                EventHandler handler,
                ClientListener listener,
                Checkpoint checkpoint,
                Optional<Position> stored);
    }

    Progress(
            String name,
            Subscription spec,
            EventHandler handler,
            ClientListener listener,
            Checkpoint checkpoint,
            Optional<Position> stored) {
        this.name = name;
        this.spec = spec;
        this.handler = handler;
        this.listener = listener;
        this.checkpoint = checkpoint;
        this.position = stored.orElseGet(() -> spec.from() instanceof StartFrom.After after ? after.position() : null);
    }

    Optional<Position> position() {
        return Optional.ofNullable(position);
    }

    /** Where to ask the server to begin. */
    StartFrom from() {
        Position here = position;
        return here == null ? spec.from() : StartFrom.after(here);
    }

    /** The server begins at {@code start}; said again when the log takes a new epoch above this position. */
    void subscribed(Position start) throws HoleException {
        Position here = position;
        long least =
                here != null ? here.id() : spec.from() instanceof StartFrom.AfterId asked ? asked.id() : start.id();
        if (start.id() > least) {
            throw new HoleException("subscribed after " + start + " without a gap from " + least);
        }
        gapOwed = here != null && start.id() < here.id() && !start.epoch().equals(here.epoch());
        if (here == null || start.id() == here.id()) {
            move(start);
        }
        unacknowledged = 0;
        listener.onSubscribed(name, start);
    }

    /**
     * Hands the events to the handler, all of them or, once {@code ending}, those before the end.
     *
     * @param acknowledge told how far the handler is, a few times for each window
     */
    void events(Events events, BooleanSupplier ending, LongConsumer acknowledge) throws Exception {
        Position here = started("events");
        Optional<String> flaw = flaw(here.id(), events);
        if (flaw.isPresent()) {
            throw new HoleException(flaw.get());
        }
        int repeats = 0;
        for (Item item : events.items()) {
            long id = item.event().id();
            if (id <= here.id()) {
                repeats++;
                continue;
            }
            if (ending.getAsBoolean()) {
                return;
            }
            take(item, here.at(id));
            unacknowledged++;
            if (unacknowledged >= Math.max(1, spec.window() / 4)) {
                unacknowledged = 0;
                acknowledge.accept(id);
            }
        }
        if (events.to() > here.id()) {
            move(here.at(events.to()));
        }
        unacknowledged = 0;
        acknowledge.accept(events.to());
        if (repeats > 0) {
            listener.onRepeatsSkipped(name, repeats);
        }
    }

    /** What keeps {@code events} from being handled; empty if they join on to {@code position}. */
    Optional<String> flaw(long position, Events events) {
        return Continuity.flaw(position, events);
    }

    Optional<String> flaw(long position, long after, long to) {
        return Continuity.flaw(position, after, to);
    }

    /** The position follows the handler: what a crash interrupts is seen again. */
    void take(Item item, Position after) throws Exception {
        handle(item);
        move(after);
    }

    final void handle(Item item) throws Exception {
        if (item.omitted().isEmpty()) {
            handler.onEvent(item.event());
        } else {
            handler.onOmitted(item.event(), item.omitted(), item.bytes());
        }
    }

    /** The server has told everything up to {@code after}, and nothing up to {@code to} is left to be sent. */
    void advanced(long after, long to) throws HoleException {
        Position here = started("a position");
        Optional<String> flaw = flaw(here.id(), after, to);
        if (flaw.isPresent()) {
            throw new HoleException(flaw.get());
        }
        if (to > here.id()) {
            move(here.at(to));
        }
    }

    private Position started(String what) throws HoleException {
        Position here = position;
        if (here == null) {
            throw new HoleException(what + " before the subscription was confirmed");
        }
        if (gapOwed) {
            throw new HoleException(what + " of another epoch without a gap");
        }
        return here;
    }

    /** Events can't be had. Those before them are not among them: the gap has to join on like everything else. */
    void gap(Gap gap) throws Exception {
        Position here = position;
        Optional<String> flaw = here == null ? Optional.empty() : flaw(here.id(), gap.after(), gap.to());
        if (flaw.isPresent()) {
            throw new HoleException(flaw.get());
        }
        listener.onGap(name, gap);
        handler.onGap(gap);
        gapOwed = false;
        move(gap.resume());
        checkpoint.flush();
        if (spec.onGap() == GapPolicy.STOP) {
            throw new EventClientException(
                    Code.GAP,
                    "subscription " + name + ": the events in (" + gap.after() + ", " + gap.to() + "] can't be had ("
                            + gap.reason() + "); subscribe again to go on after " + gap.resume()
                            + ", or use GapPolicy.CONTINUE");
        }
    }

    void caughtUp() {
        position().ifPresent(here -> {
            listener.onCaughtUp(name, here);
            handler.onCaughtUp(here);
        });
    }

    void fellBehind() {
        position().ifPresent(here -> {
            listener.onFellBehind(name, here);
            handler.onFellBehind(here);
        });
    }

    void queued(long ahead) {
        listener.onQueued(name, ahead);
    }

    final void move(Position to) {
        position = to;
        checkpoint.moved(to);
    }
}
