package dev.everafter.server;

import dev.everafter.server.spi.BearerToken;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets only those events of a connection pass that its token may see. They pass in order, but for one of which that isn't known
 * in time: it is set aside, with all that follow about the same object, and passes when it is known. So an object that can't be
 * decided holds up the others once, for {@link ArvadosOptions#permissionWait()}. Of more than {@link ArvadosOptions#setAside()}
 * events the oldest are given up: counted, logged, and never sent.
 *
 * <p>Belongs to its session's turn.
 */
final class ArvadosGate {
    private static final Logger LOG = LoggerFactory.getLogger(ArvadosGate.class);

    /** They may be of 1 MiB each. */
    private static final long MOST_ASIDE_CHARS = 8 << 20;

    private final ArvadosChecks checks;
    private final BearerToken token;
    private final ArvadosOptions rules;
    private final ArvadosCounters counters;
    private final LongSupplier ticker;
    private final BiFunction<Duration, Runnable, Runnable> after;
    private final Runnable signal;

    private final ArrayDeque<Held> line = new ArrayDeque<>();
    private final ArrayDeque<Held> aside = new ArrayDeque<>();
    private final Map<String, Integer> asideByObject = new HashMap<>();
    private long asideChars;
    private volatile boolean answered;
    private Optional<Held> first = Optional.empty();
    private long firstSince;
    private Runnable cancelWake = () -> {};
    private boolean saidGivenUp;

    /** An event, and what is asked about it. */
    private final class Held implements Runnable {
        private final ArvadosRows.Sendable event;
        private Answers<ArvadosChecks.Question, Boolean>.Question question;

        Held(ArvadosRows.Sendable event) {
            this.event = event;
            this.question = checks.mayRead(token, event.decidedBy(), this);
        }

        Optional<Boolean> allowed() {
            if (question.isOver()) {
                question = checks.mayRead(token, event.decidedBy(), this);
            }
            return question.answer();
        }

        int chars() {
            return event.message().rest().length();
        }

        /** There is an answer. */
        @Override
        public void run() {
            answered = true;
            signal.run();
        }
    }

    /**
     * For the events of a connection.
     *
     * @param after runs a task after a delay, and gives what takes it back
     * @param signal run, by any thread, when {@link #next()} may have something
     */
    ArvadosGate(
            ArvadosChecks checks,
            BearerToken token,
            ArvadosOptions rules,
            ArvadosCounters counters,
            LongSupplier ticker,
            BiFunction<Duration, Runnable, Runnable> after,
            Runnable signal) {
        this.checks = checks;
        this.token = token;
        this.rules = rules;
        this.counters = counters;
        this.ticker = ticker;
        this.after = after;
        this.signal = signal;
    }

    void add(ArvadosRows.Sendable event) {
        line.addLast(new Held(event));
    }

    /** Whether nothing waits in line. */
    boolean isClear() {
        return line.isEmpty();
    }

    /** The next event that may be sent now. */
    Optional<ArvadosRows.Sendable> next() {
        Optional<ArvadosRows.Sendable> late = answered ? nextAside() : Optional.empty();
        return late.isPresent() ? late : nextInLine();
    }

    private Optional<ArvadosRows.Sendable> nextAside() {
        // Before the look: an answer that comes while it lasts must not be lost.
        answered = false;
        for (Iterator<Held> all = aside.iterator(); all.hasNext(); ) {
            Held held = all.next();
            Optional<Boolean> allowed = held.allowed();
            if (allowed.isPresent()) {
                all.remove();
                uncount(held);
            }
            if (allowed.orElse(false)) {
                answered = true;
                return Optional.of(held.event);
            }
        }
        return Optional.empty();
    }

    private Optional<ArvadosRows.Sendable> nextInLine() {
        for (Held held = line.peekFirst(); held != null; held = line.peekFirst()) {
            boolean behind = asideByObject.containsKey(held.event.decidedBy());
            Optional<Boolean> allowed = behind ? Optional.empty() : held.allowed();
            if (allowed.isEmpty() && !behind && !hasWaited(held)) {
                return Optional.empty();
            }
            line.removeFirst();
            cancelWake.run();
            if (allowed.isEmpty()) {
                setAside(held);
            } else if (allowed.get()) {
                return Optional.of(held.event);
            }
        }
        return Optional.empty();
    }

    private boolean hasWaited(Held held) {
        long now = ticker.getAsLong();
        if (first.isEmpty() || first.get() != held) {
            first = Optional.of(held);
            firstSince = now;
            cancelWake = after.apply(rules.permissionWait(), signal);
        }
        return now - firstSince >= rules.permissionWait().toNanos();
    }

    private void setAside(Held held) {
        while (aside.size() == rules.setAside() || (!aside.isEmpty() && asideChars + held.chars() > MOST_ASIDE_CHARS)) {
            Held oldest = aside.removeFirst();
            uncount(oldest);
            giveUp(oldest);
        }
        aside.addLast(held);
        asideChars += held.chars();
        asideByObject.merge(held.event.decidedBy(), 1, Integer::sum);
        counters.setAside.increment();
        // Its answer may have come before it was here to be found.
        answered = true;
        signal.run();
    }

    private void uncount(Held held) {
        asideChars -= held.chars();
        asideByObject.computeIfPresent(held.event.decidedBy(), (object, count) -> count == 1 ? null : count - 1);
    }

    private void giveUp(Held held) {
        held.question.release(held);
        counters.givenUp.increment();
        if (!saidGivenUp) {
            saidGivenUp = true;
            LOG.warn(
                    "event {} is not sent to a connection, since {} others wait for the API server to say who may see them;"
                            + " more are only counted",
                    held.event.id(),
                    rules.setAside());
        }
    }

    /** Asks for nothing any more. */
    void close() {
        cancelWake.run();
        line.forEach(held -> held.question.release(held));
        aside.forEach(held -> held.question.release(held));
        line.clear();
        aside.clear();
        asideByObject.clear();
        asideChars = 0;
    }
}
