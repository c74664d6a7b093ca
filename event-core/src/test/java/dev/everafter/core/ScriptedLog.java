package dev.everafter.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A log that does what the test says, also what a log must not do, and remembers what it was asked. */
final class ScriptedLog implements EventLog {
    final List<Event> events = new ArrayList<>();
    final List<Long> readsUpTo = new ArrayList<>();
    int resolves;
    String epoch = "e1";
    long oldest;
    Optional<Start> answer = Optional.empty();
    Optional<RuntimeException> failure = Optional.empty();

    @Override
    public LogRange range() {
        return new LogRange(
                epoch,
                oldest,
                events.isEmpty() ? 0 : events.get(events.size() - 1).id());
    }

    @Override
    public synchronized Page read(long after, long upTo, Filter filter, ReadLimits limits) {
        readsUpTo.add(upTo);
        failure.ifPresent(e -> {
            throw e;
        });
        List<Event> found = new ArrayList<>();
        long scannedTo = upTo;
        for (Event event : events) {
            if (event.id() > Math.max(after, oldest) && event.id() <= upTo) {
                if (found.size() == limits.events()) {
                    scannedTo = found.get(found.size() - 1).id();
                    break;
                }
                found.add(event);
            }
        }
        return new Page(epoch, oldest, found, scannedTo);
    }

    @Override
    public Start resolve(StartFrom from) {
        resolves++;
        failure.ifPresent(e -> {
            throw e;
        });
        if (answer.isPresent()) {
            return answer.get();
        }
        if (from instanceof StartFrom.After after) {
            return new Start.At(after.position());
        }
        if (from instanceof StartFrom.AfterId after) {
            return new Start.At(new Position(epoch, after.id()));
        }
        return new Start.At(new Position(epoch, oldest));
    }

    @Override
    public Tailer tailer() {
        throw new UnsupportedOperationException("the test applies the updates itself");
    }

    @Override
    public LogStatus status() {
        return LogStatus.FOLLOWING;
    }

    @Override
    public void close() {}
}
