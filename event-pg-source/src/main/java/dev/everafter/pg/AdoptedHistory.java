package dev.everafter.pg;

import dev.everafter.core.Event;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Notices, on each connection, that an adopted table is no longer the one that was followed: it is another table, server or
 * timeline, its counter has gone back, or rows that were delivered are others. Where only the server was started anew,
 * rows that are gone count as deleted, if the counter says that none was lost.
 *
 * <p>Rows are compared with what was delivered last, closely, and farther back in ever wider steps: so where a history
 * forks is known the better the nearer it is. What tells rows apart is the time column; without one, all columns. For one
 * thread.
 */
final class AdoptedHistory {
    private static final int KEPT = 128;

    private final List<Delivered> delivered = new ArrayList<>();
    /** The counter had come at least to here. */
    private long reached;

    private record Delivered(long id, long fingerprint) {}

    /** Remembers what has been delivered. */
    void remember(AdoptedTable table, List<Event> events) {
        for (Event event : events) {
            delivered.add(new Delivered(event.id(), fingerprint(table, event)));
            if (delivered.size() > KEPT) {
                thinOut();
            }
        }
    }

    /** Of the older half every second is forgotten, but for the first. */
    private void thinOut() {
        for (int i = KEPT / 2 - 1; i > 0; i -= 2) {
            delivered.remove(i);
        }
    }

    private static long fingerprint(AdoptedTable table, Event event) {
        boolean hasTime = table.timed() && !event.at().equals(Instant.EPOCH);
        return hasTime
                ? ChronoUnit.MICROS.between(Instant.EPOCH, event.at())
                : event.data().orElseThrow().toString().hashCode();
    }

    /** What the counter says while the table is followed: false if it has gone back. */
    boolean reaches(AdoptedQuery.Look now, long head) {
        if (now.counter() >= head) {
            reached = head;
        }
        return now.counter() >= reached;
    }

    /**
     * The history to follow from now on: {@code before}, or one that forks off it.
     *
     * @param head what has been told of {@code before}
     */
    Lineage check(AdoptedSession session, AdoptedQuery.Look now, Lineage before, long head) throws SQLException {
        AdoptedRun run = now.header().run();
        boolean sameTable = run.identity().equals(before.run().identity());
        boolean knowsCounter = session.table().counter().isPresent();
        boolean wentBack = knowsCounter && now.counter() < reached;
        long shared = head;
        if (wentBack || !run.equals(before.run())) {
            boolean missingIsLost = wentBack || !sameTable || !knowsCounter;
            shared = compare(session, missingIsLost, head, wentBack ? now.counter() : head);
        }
        long fork = shared;
        delivered.removeIf(row -> row.id() > fork);
        reached = Math.min(reached, fork);
        return sameTable && !wentBack && shared == head ? before.goesOn(run) : before.forked(run, shared);
    }

    /** {@code head}, if it is within {@code bound} and all rows are the same; else the last row before the first that isn't. */
    private long compare(AdoptedSession session, boolean missingIsLost, long head, long bound) throws SQLException {
        List<long[]> ids =
                delivered.stream().map(row -> new long[] {row.id(), row.id()}).toList();
        Map<Long, Event> present = session.in(ids).stream().collect(Collectors.toMap(Event::id, Function.identity()));
        long shared = 0;
        for (Delivered row : delivered) {
            Event event = present.get(row.id());
            boolean lost = event == null ? missingIsLost : fingerprint(session.table(), event) != row.fingerprint();
            if (lost || row.id() > bound) {
                return shared;
            }
            shared = row.id();
        }
        return bound < head ? shared : head;
    }
}
