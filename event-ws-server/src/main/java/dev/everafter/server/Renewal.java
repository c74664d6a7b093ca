package dev.everafter.server;

import java.time.Duration;

/**
 * When rights that were revoked are looked up again: at once, then after 250 ms, doubled up to 5 s, for 30 s in all.
 *
 * <p>Belongs to its session's turn.
 */
final class Renewal {
    private static final Duration FIRST_DELAY = Duration.ofMillis(250);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SessionHost host;
    private final Runnable signal;
    private boolean running;
    private long since;
    private long notBefore;
    private Duration delay = FIRST_DELAY;
    private Runnable cancelAlarm = () -> {};

    /** @param signal asks for a turn */
    Renewal(SessionHost host, Runnable signal) {
        this.host = host;
        this.signal = signal;
    }

    /** Whether it has gone on for longer than a client is to be kept waiting. */
    boolean isTooLong() {
        return running && now() - since >= PATIENCE.toNanos();
    }

    /** Whether it is time to ask; begins if it hadn't. */
    boolean isDue() {
        if (!running) {
            running = true;
            since = now();
            notBefore = since;
        }
        return now() - notBefore >= 0;
    }

    /** There was no answer. */
    void failed() {
        notBefore = now() + delay.toNanos();
        cancelAlarm = host.after(delay, signal);
        delay = delay.compareTo(LONGEST_DELAY.dividedBy(2)) > 0 ? LONGEST_DELAY : delay.multipliedBy(2);
    }

    /** There was one, or none is needed any more. */
    void done() {
        running = false;
        delay = FIRST_DELAY;
        cancelAlarm.run();
    }

    private long now() {
        return host.options().ticker().getAsLong();
    }
}
