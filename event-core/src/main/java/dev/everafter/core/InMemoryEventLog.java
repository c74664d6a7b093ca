package dev.everafter.core;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A complete {@link EventLog} in memory, for tests and for programs without a database: what {@link #append} has returned
 * from is read by everybody, in order, each once.
 *
 * <p>It keeps everything until it is told to {@link #prune}, and forgets everything with the process; so each instance
 * has an epoch of its own, and a position from an earlier process is known to be a stranger. An update that the tailer
 * has not taken yet is kept for it even if pruned or rewound meanwhile.
 *
 * <p>Safe for use by any thread.
 */
public final class InMemoryEventLog implements EventLog {
    /** The most ids that one read looks at, so that it holds up no writer for long. */
    private static final long WINDOW = 8_192;

    private final Clock clock;
    private final Supplier<String> epochs;

    // All guarded by this. Events in the order of their ids, which may have holes.
    private final List<Event> events = new ArrayList<>();
    /** For each earlier epoch the last id that the present history still shares with it. */
    private final Map<String, Long> forks = new LinkedHashMap<>();

    private String epoch;
    private long oldest;
    private long head;
    private long skipped;
    private long transactions;
    private @Nullable QueueTailer tailer;
    private boolean closed;

    /** With the system's clock, and epochs named by random UUIDs. */
    public InMemoryEventLog() {
        this(Clock.systemUTC(), () -> UUID.randomUUID().toString());
    }

    /**
     * With the caller's time and names.
     *
     * @param clock gives {@link Event#at()}
     * @param epochs gives a new name at once, and for each {@link #rewind}; never the same twice
     */
    public InMemoryEventLog(Clock clock, Supplier<String> epochs) {
        this.clock = Objects.requireNonNull(clock, "clock");
        this.epochs = Objects.requireNonNull(epochs, "epochs");
        this.epoch = epochs.get();
    }

    /**
     * Commits one event.
     *
     * @return its id
     */
    public long append(String topic, String type, RawJson data) {
        return append(List.of(Change.of(topic, type, data)));
    }

    /**
     * Commits one transaction: its events get consecutive ids, one time, and {@link Event#last()} on the final one.
     *
     * @return the id of its last event; the head, if there are no changes
     * @throws IllegalStateException if the log is closed
     */
    public synchronized long append(List<Change> changes) {
        if (closed) {
            throw new IllegalStateException("the log is closed");
        }
        if (changes.isEmpty()) {
            return head;
        }
        Instant at = clock.instant().truncatedTo(ChronoUnit.MICROS);
        String tx = Long.toString(transactions + 1);
        List<Event> committed = new ArrayList<>(changes.size());
        long id = head + skipped;
        for (Change change : changes) {
            id++;
            committed.add(change.event(id, at, tx, committed.size() + 1 == changes.size()));
        }
        transactions++;
        skipped = 0;
        head = id;
        events.addAll(committed);
        tell(new TailUpdate.Advanced(committed, head));
        return head;
    }

    @Override
    public void revoke(Revocation revocation) {
        append(Revocation.TOPIC, "revoke", revocation.toJson());
    }

    /** Leaves the next {@code ids} ids unused, as a database's sequence does for transactions that roll back. */
    public synchronized void skip(int ids) {
        if (ids < 0) {
            throw new IllegalArgumentException("can't skip " + ids + " ids");
        }
        skipped += ids;
    }

    /** Forgets the events up to {@code upTo}, as far as there are any; {@link LogRange#oldest()} moves there. */
    public synchronized void prune(long upTo) {
        long to = Math.min(Position.requireId(upTo), head);
        if (to > oldest) {
            oldest = to;
            events.subList(0, indexAfter(to)).clear();
        }
    }

    /**
     * Loses the events after {@code fork} and goes on from there in a new epoch, as a database does that was restored
     * from a backup: ids that were given out before are given out again.
     *
     * @param fork not below {@link LogRange#oldest()}, not above {@link LogRange#head()}
     */
    public synchronized void rewind(long fork) {
        if (fork < oldest || fork > head) {
            throw new IllegalArgumentException("fork " + fork + " is not in " + oldest + ".." + head);
        }
        String next = epochs.get();
        if (next.equals(epoch) || forks.containsKey(next)) {
            throw new IllegalStateException("epoch " + next + " has been used before");
        }
        forks.replaceAll((earlier, shared) -> Math.min(shared, fork));
        forks.put(epoch, fork);
        events.subList(indexAfter(fork), events.size()).clear();
        epoch = next;
        head = fork;
        skipped = 0;
        tell(new TailUpdate.EpochChanged(epoch, fork));
    }

    private void tell(TailUpdate update) {
        if (tailer != null) {
            tailer.offer(update);
        }
    }

    /** The index of the first event after {@code id}. */
    private int indexAfter(long id) {
        int low = 0;
        int high = events.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (events.get(middle).id() <= id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public synchronized LogRange range() {
        return new LogRange(epoch, oldest, head);
    }

    /** {@inheritDoc} Here {@code filter} is exact, and {@code limits} count {@link Event#size()}. */
    @Override
    public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
        long end = Math.min(upTo, after + WINDOW);
        List<Event> rows;
        LogRange range;
        synchronized (this) {
            range = range();
            int from = indexAfter(after);
            int to = Math.max(from, indexAfter(end));
            rows = List.copyOf(events.subList(from, (int) Math.min(to, (long) from + limits.events())));
            if (rows.size() < to - from) {
                end = rows.get(rows.size() - 1).id();
            }
        }
        List<Event> found = new ArrayList<>();
        long bytes = 0;
        for (Event event : rows) {
            if (mayMatch(filter, event)) {
                found.add(event);
                bytes += event.size();
                if (bytes >= limits.bytes()) {
                    end = event.id();
                    break;
                }
            }
        }
        return new Page(range.epoch(), range.oldest(), found, Math.max(after, end));
    }

    private static boolean mayMatch(Filter filter, Event event) {
        EventImages images = new EventImages(event);
        if (images.wholeTable()) {
            return images.current().possibly(filter);
        }
        return filter.matches(images.current())
                || images.before().map(filter::matches).orElse(false);
    }

    @Override
    public synchronized Start resolve(StartFrom from) {
        if (from instanceof StartFrom.After after) {
            return resolve(after.position());
        }
        if (from instanceof StartFrom.AfterId after) {
            return after.id() <= head ? at(after.id()) : new Start.Ahead(after.id(), head);
        }
        if (from instanceof StartFrom.Time time) {
            Instant since = time.instant().truncatedTo(ChronoUnit.MICROS);
            // times may go back from one event to the next: the first that is late enough, not the last that isn't
            return at(events.stream()
                    .filter(event -> !event.at().isBefore(since))
                    .findFirst()
                    .map(event -> event.id() - 1)
                    .orElse(head));
        }
        return at(from instanceof StartFrom.Beginning ? oldest : head);
    }

    private Start resolve(Position position) {
        boolean present = position.epoch().equals(epoch);
        Long shared = present ? Long.valueOf(head) : forks.get(position.epoch());
        if (shared == null) {
            return new Start.UnknownEpoch(position.epoch());
        }
        if (position.id() <= shared) {
            return at(position.id());
        }
        return new Start.Rewound(new Gap(Gap.Reason.REWOUND, shared, position.id(), new Position(epoch, shared)));
    }

    private Start at(long id) {
        return new Start.At(new Position(epoch, id));
    }

    @Override
    public synchronized Tailer tailer() {
        if (closed) {
            throw new IllegalStateException("the log is closed");
        }
        if (tailer != null) {
            throw new IllegalStateException("a tailer of this log is open already: close it first");
        }
        QueueTailer opened = new QueueTailer(this::release);
        opened.offer(new TailUpdate.Started(epoch, head));
        tailer = opened;
        return opened;
    }

    private synchronized void release(QueueTailer tailer) {
        if (this.tailer == tailer) {
            this.tailer = null;
        }
    }

    @Override
    public synchronized LogStatus status() {
        return closed ? LogStatus.failing("the log is closed") : LogStatus.FOLLOWING;
    }

    /** Closes the tailer; what the log holds can still be read. */
    @Override
    public void close() {
        QueueTailer open;
        synchronized (this) {
            closed = true;
            open = tailer;
        }
        if (open != null) {
            open.close();
        }
    }

    /**
     * One event of a transaction, before it has an id.
     *
     * @param key the row's key, an object of its key columns
     * @param data the row after the change, or what is emitted
     * @param old the changed columns before an update; the whole row before a delete
     */
    public record Change(
            String topic, String type, Optional<RawJson> key, Optional<RawJson> data, Optional<RawJson> old) {
        /** Something of the program's own. */
        public static Change of(String topic, String type, RawJson data) {
            return new Change(topic, type, Optional.empty(), Optional.of(data), Optional.empty());
        }

        /** A new row. */
        public static Change insert(String topic, RawJson key, RawJson data) {
            return new Change(topic, "insert", Optional.of(key), Optional.of(data), Optional.empty());
        }

        /** A changed row: {@code old} holds the columns that changed, as they were. */
        public static Change update(String topic, RawJson key, RawJson data, RawJson old) {
            return new Change(topic, "update", Optional.of(key), Optional.of(data), Optional.of(old));
        }

        /** A row that is gone: {@code old} is the whole of it. */
        public static Change delete(String topic, RawJson key, RawJson old) {
            return new Change(topic, "delete", Optional.of(key), Optional.empty(), Optional.of(old));
        }

        private Event event(long id, Instant at, String tx, boolean last) {
            return Event.builder(id, topic, type)
                    .at(at)
                    .key(key.orElse(null))
                    .data(data.orElse(null))
                    .old(old.orElse(null))
                    .tx(tx)
                    .last(last)
                    .build();
        }
    }
}
