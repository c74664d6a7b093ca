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
 * may see it, or what is shown of it. What it doesn't let go of, nobody gets; what it passes over was denied.
 *
 * <p>Belongs to its session's turn.
 */
final class Stage {
    /** What one batch may be: it stays in memory for as long as an answer takes. */
    static final int MAX_EVENTS = 100;

    static final long MAX_BYTES = 256 << 10;

    private final Optional<EventChecks> checks;
    private Optional<EventChecks.Asker> asker;
    private final Optional<Rendering> rendering;
    private final Runnable waiter;

    private List<Slot> held = List.of();
    private int next;
    /** The first of which it isn't known yet whether it has to be rendered. */
    private int toRender;

    private long passed;
    private long to;

    /** An event, and what is known of it. */
    private final class Slot {
        private final Event event;
        private Optional<Answers<?, Boolean>.Question> check;
        private Optional<Answers<?, Event>.Question> rendered = Optional.empty();

        private Slot(Event event) {
            this.event = event;
            this.check = ask();
        }

        private Optional<Answers<?, Boolean>.Question> ask() {
            return checks.map(known -> known.ask(asker.orElseThrow(), event, waiter));
        }

        private Optional<Boolean> allowed() {
            if (check.isPresent() && check.get().isOver()) {
                check = ask();
            }
            return check.isEmpty() ? Optional.of(true) : check.get().answer();
        }

        private Optional<Event> shown() {
            if (rendering.isEmpty()) {
                return Optional.of(event);
            }
            if (rendered.isEmpty() || rendered.get().isOver()) {
                rendered =
                        Optional.of(rendering.get().ask(List.of(event), waiter).get(0));
            }
            return rendered.get().answer();
        }

        private void release() {
            check.ifPresent(question -> question.release(waiter));
            rendered.ifPresent(question -> question.release(waiter));
        }
    }

    /**
     * Events that may be sent, as they are shown.
     *
     * @param to nothing else up to here may be
     */
    record Decided(long to, List<Event> events) {}

    /**
     * @param checks who says which events may be seen; empty if all may
     * @param principal who wants to see them; known where there are checks
     * @param rendering what is shown of them; empty for all
     * @param waiter run, by any thread, when more may be known
     */
    Stage(Optional<EventChecks> checks, Optional<Principal> principal, Optional<Rendering> rendering, Runnable waiter) {
        this.checks = checks;
        this.asker = principal.map(EventChecks.Asker::of);
        this.rendering = rendering;
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
        toRender = 0;
        passed = batch.after();
        to = batch.to();
    }

    /** Lets go of what is decided by now. */
    Decided decide() {
        rendering.ifPresent(this::askTogether);
        List<Event> events = new ArrayList<>();
        for (; next < held.size(); next++) {
            Slot slot = held.get(next);
            Optional<Boolean> allowed = slot.allowed();
            if (allowed.isEmpty()) {
                return new Decided(passed, events);
            }
            if (allowed.get()) {
                Optional<Event> shown = slot.shown();
                if (shown.isEmpty()) {
                    return new Decided(passed, events);
                }
                events.add(shown.get());
            }
            passed = slot.event.id();
        }
        passed = to;
        letGoOfAll();
        return new Decided(to, events);
    }

    /** Those of which it is known by now that they may be seen, so that they are rendered in few calls. */
    private void askTogether(Rendering by) {
        List<Slot> allowed = new ArrayList<>();
        for (; toRender < held.size(); toRender++) {
            Optional<Boolean> known = held.get(toRender).allowed();
            if (known.isEmpty()) {
                break;
            }
            if (known.get()) {
                allowed.add(held.get(toRender));
            }
        }
        List<Answers<Event, Event>.Question> asked =
                by.ask(allowed.stream().map(slot -> slot.event).toList(), waiter);
        for (int i = 0; i < asked.size(); i++) {
            allowed.get(i).rendered = Optional.of(asked.get(i));
        }
    }

    /** Forgets what it holds: whoever drops it opens the cursor anew after what was sent. */
    void drop() {
        held.subList(next, held.size()).forEach(Slot::release);
        letGoOfAll();
    }

    private void letGoOfAll() {
        held = List.of();
        next = 0;
    }

    /** From here on for another principal, or what has become of the same. */
    void become(Principal principal) {
        Optional<EventChecks.Asker> another = Optional.of(EventChecks.Asker.of(principal));
        if (another.equals(asker)) {
            return;
        }
        asker = another;
        held.subList(next, held.size()).forEach(slot -> {
            slot.check.ifPresent(question -> question.release(waiter));
            slot.check = slot.ask();
        });
    }
}
