package dev.everafter.pg;

import dev.everafter.core.Event;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what a tailer's listener is told. */
final class Counts implements PgListener {
    final AtomicInteger connected = new AtomicInteger();
    final AtomicInteger lost = new AtomicInteger();
    final AtomicInteger leading = new AtomicInteger();
    final AtomicInteger gaps = new AtomicInteger();
    final AtomicInteger flushes = new AtomicInteger();
    final AtomicInteger fences = new AtomicInteger();
    final AtomicInteger armed = new AtomicInteger();
    final AtomicInteger rung = new AtomicInteger();
    final AtomicInteger blocked = new AtomicInteger();
    final AtomicInteger missed = new AtomicInteger();
    volatile String held = "";
    final List<Event> late = new CopyOnWriteArrayList<>();
    final AtomicInteger givenUp = new AtomicInteger();

    @Override
    public void onConnected(boolean leader) {
        connected.incrementAndGet();
        if (leader) {
            leading.incrementAndGet();
        }
    }

    @Override
    public void onConnectionLost(Exception cause, Duration retryIn) {
        lost.incrementAndGet();
    }

    @Override
    public void onLeading() {
        leading.incrementAndGet();
    }

    @Override
    public void onGapSeen(long after, long next) {
        gaps.incrementAndGet();
    }

    @Override
    public void onGapHeld(String holders, Duration age) {
        held = holders;
    }

    @Override
    public void onGapGivenUp(long after, long next, String holders) {
        givenUp.incrementAndGet();
    }

    @Override
    public void onLate(Event event) {
        late.add(event);
    }

    @Override
    public void onFence(boolean flushed) {
        fences.incrementAndGet();
        if (flushed) {
            flushes.incrementAndGet();
        }
    }

    @Override
    public void onDoorbellArmed() {
        armed.incrementAndGet();
    }

    @Override
    public void onDoorbellRung() {
        rung.incrementAndGet();
    }

    @Override
    public void onDoorbellBlocked() {
        blocked.incrementAndGet();
    }

    @Override
    public void onWakeUpMissed() {
        missed.incrementAndGet();
    }
}
