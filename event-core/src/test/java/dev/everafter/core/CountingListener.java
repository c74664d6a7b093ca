package dev.everafter.core;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what a hub does. */
final class CountingListener implements HubListener {
    final AtomicInteger caughtUp = new AtomicInteger();
    final AtomicInteger fellBehind = new AtomicInteger();
    final AtomicInteger coldReads = new AtomicInteger();
    final AtomicInteger failedReads = new AtomicInteger();
    final AtomicInteger pagesDropped = new AtomicInteger();
    final AtomicInteger queued = new AtomicInteger();
    final AtomicInteger gaps = new AtomicInteger();
    final AtomicInteger lanes = new AtomicInteger();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final AtomicInteger failures = new AtomicInteger();
    final AtomicLong tailBytes = new AtomicLong();
    final AtomicLong evicted = new AtomicLong();

    @Override
    public void onCaughtUp() {
        caughtUp.incrementAndGet();
    }

    @Override
    public void onFellBehind() {
        fellBehind.incrementAndGet();
    }

    @Override
    public void onColdRead(int events, long nanos) {
        coldReads.incrementAndGet();
    }

    @Override
    public void onColdReadFailed(RuntimeException error) {
        failedReads.incrementAndGet();
    }

    @Override
    public void onPageDropped() {
        pagesDropped.incrementAndGet();
    }

    @Override
    public void onQueued(int ahead) {
        queued.incrementAndGet();
    }

    @Override
    public void onGap(Gap gap) {
        gaps.incrementAndGet();
    }

    @Override
    public void onLaneCreated(int count) {
        lanes.set(count);
    }

    @Override
    public void onLaneRemoved(int count) {
        lanes.set(count);
    }

    @Override
    public void onOpened() {
        opened.incrementAndGet();
    }

    @Override
    public void onClosed() {
        closed.incrementAndGet();
    }

    @Override
    public void onFailure(RuntimeException error) {
        failures.incrementAndGet();
    }

    @Override
    public void onEvicted(int events, long bytes) {
        evicted.addAndGet(events);
        tailBytes.set(bytes);
    }
}
