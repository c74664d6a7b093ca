package dev.everafter.server;

import dev.everafter.core.Batch;
import dev.everafter.core.Event;
import dev.everafter.server.spi.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What lies between a cursor's batch and the message, for a subscription whose events can't be sent as they are. It holds
 * one batch, and lets go of its events in order, up to the first of which something isn't known yet: whether the principal
 * may see it. What it doesn't let go of, nobody gets; what it passes over was denied.
 *
 * <p>Belongs to its session's turn.
 */
final class Stage {
    /** What one batch may be: it stays in memory for as long as an answer takes. */
    static final int MAX_EVENTS = 100;

    static final long MAX_BYTES = 256 << 10;

    private final EventChecks checks;
    private EventChecks.Asker asker;
    private final Runnable waiter;

    private List<Slot> held = List.of();
    private int next;
    private long passed;
    private long to;

    /** An event, and what is known of it. */
    private final class Slot {
        private final Event event;
        private Answers<?, Boolean>.Question question;

        private Slot(Event event) {
            this.event = event;
            this.question = checks.ask(asker, event, waiter);
        }

        private Optional<Boolean> allowed() {
            if (question.isOver()) {
                question = checks.ask(asker, event, waiter);
            }
            return question.answer();
        }
    }

    /**
     * Events that may be sent.
     *
     * @param to nothing else up to here may be
     */
    record Decided(long to, List<Event> events) {}

    /** @param waiter run, by any thread, when more may be known */
    Stage(EventChecks checks, Principal principal, Runnable waiter) {
        this.checks = checks;
        this.asker = EventChecks.Asker.of(principal);
        this.waiter = waiter;
    }

    /** Whether there is a batch of which not everything is decided. Until then it takes no other. */
    boolean holds() {
        return !held.isEmpty();
    }

    /** Up to here everything of the batch that is held was let go, or passed over. */
    long passed() {
        return passed;
    }

    void take(Batch batch) {
        held = batch.events().stream().map(Slot::new).toList();
        next = 0;
        passed = batch.after();
        to = batch.to();
    }

    /** Lets go of what is decided by now. */
    Decided decide() {
        List<Event> events = new ArrayList<>();
        for (; next < held.size(); next++) {
            Slot slot = held.get(next);
            Optional<Boolean> allowed = slot.allowed();
            if (allowed.isEmpty()) {
                return new Decided(passed, events);
            }
            if (allowed.get()) {
                events.add(slot.event);
            }
            passed = slot.event.id();
        }
        passed = to;
        letGoOfAll();
        return new Decided(to, events);
    }

    /** Forgets what it holds: whoever drops it opens the cursor anew after what was sent. */
    void drop() {
        held.subList(next, held.size()).forEach(slot -> slot.question.release(waiter));
        letGoOfAll();
    }

    private void letGoOfAll() {
        held = List.of();
        next = 0;
    }

    /** From here on for another principal, or what has become of the same. */
    void become(Principal principal) {
        EventChecks.Asker another = EventChecks.Asker.of(principal);
        if (another.equals(asker)) {
            return;
        }
        asker = another;
        held.subList(next, held.size()).forEach(slot -> {
            slot.question.release(waiter);
            slot.question = checks.ask(another, slot.event, waiter);
        });
    }
}
