package dev.everafter.pg;

import dev.everafter.core.Event;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ids that were passed over, kept for a while and looked at again: what comes there after all is found once. For one
 * thread.
 */
final class Skipped {
    private static final Logger LOG = LoggerFactory.getLogger(Skipped.class);
    /** Beyond it the oldest are forgotten before their time, which is said. */
    private static final int MOST = 100_000;

    private final long keptNanos;
    /** By the lowest id of each, so the oldest first. */
    private final TreeMap<Long, Range> ranges = new TreeMap<>();

    private boolean forgot;

    /** @param holders who may still fill it; nobody, where that was proven of those who use the sequence as they should */
    private record Range(long low, long high, long since, Set<String> holders) {}

    Skipped(Duration kept) {
        this.keptNanos = kept.toNanos();
    }

    /** Nothing was there between {@code after} and {@code next}. */
    void add(long after, long next, long now, Set<String> holders) {
        put(new Range(after + 1, next - 1, now, Set.copyOf(holders)));
        if (ranges.size() > MOST) {
            ranges.pollFirstEntry();
            if (!forgot) {
                forgot = true;
                LOG.warn(
                        "more than {} ranges of ids were skipped in {}: the oldest are not looked at again any more, and"
                                + " rows that come there are not noticed",
                        MOST,
                        Duration.ofNanos(keptNanos));
            }
        }
    }

    private void put(Range range) {
        if (range.low() <= range.high()) {
            ranges.put(range.low(), range);
        }
    }

    /** Rows that have come into what was skipped, each once, not all at a time. */
    List<Event> look(AdoptedSession session, long now) throws SQLException {
        List<Range> done = done(session, now);
        List<Event> late = ranges.isEmpty()
                ? List.of()
                : session.in(ranges.values().stream()
                        .map(range -> new long[] {range.low(), range.high()})
                        .toList());
        if (late.size() < AdoptedQuery.FOUND) {
            done.forEach(range -> ranges.remove(range.low()));
        }
        return late;
    }

    /** What is to be looked at a last time: who could still fill it has ended before that look. */
    private List<Range> done(AdoptedSession session, long now) throws SQLException {
        List<Range> old = ranges.values().stream()
                .filter(range -> now - range.since() > keptNanos)
                .toList();
        if (old.isEmpty()) {
            return old;
        }
        Set<String> holders = session.holders();
        return old.stream()
                .filter(range -> range.holders().stream().noneMatch(holders::contains))
                .toList();
    }

    /** It was told, and is not to be found again. */
    void found(long id) {
        Map.Entry<Long, Range> entry = ranges.floorEntry(id);
        if (entry != null && id <= entry.getValue().high()) {
            Range range = entry.getValue();
            ranges.remove(range.low());
            put(new Range(range.low(), id - 1, range.since(), range.holders()));
            put(new Range(id + 1, range.high(), range.since(), range.holders()));
        }
    }

    /** What was skipped of a history that was rewound to {@code fork} is given out anew. */
    void forgetAfter(long fork) {
        List<Range> above =
                ranges.values().stream().filter(range -> range.high() > fork).toList();
        for (Range range : above) {
            ranges.remove(range.low());
            put(new Range(range.low(), fork, range.since(), range.holders()));
        }
    }
}
