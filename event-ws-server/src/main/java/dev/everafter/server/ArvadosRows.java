package dev.everafter.server;

import dev.everafter.core.Event;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of the newest events, read and written once however many connections are sent them. What is odd about one is
 * counted once as well.
 *
 * <p>Safe for use by any thread.
 */
final class ArvadosRows {
    private static final Logger LOG = LoggerFactory.getLogger(ArvadosRows.class);
    private static final int KEPT = 256;
    /** A larger one is read anew for each connection, rather than kept. */
    private static final int LARGEST_KEPT = 32 << 10;

    private final ArvadosKinds kinds;
    private final ArvadosMessages messages;
    private final ArvadosCounters counters;
    private final AtomicReferenceArray<@Nullable Entry> kept = new AtomicReferenceArray<>(KEPT);
    private final AtomicBoolean saidOdd = new AtomicBoolean();
    private final AtomicBoolean saidUnreadable = new AtomicBoolean();

    /**
     * An event's row.
     *
     * @param row empty if the event is no row
     */
    record Entry(Event event, Optional<ArvadosRow> row, Optional<Sendable> sendable) {}

    /**
     * What can be sent.
     *
     * @param decidedBy where the API server has what decides who may see it
     */
    record Sendable(long id, String decidedBy, ArvadosMessages.Encoded message) {}

    ArvadosRows(ArvadosKinds kinds, ArvadosMessages messages, ArvadosCounters counters) {
        this.kinds = kinds;
        this.messages = messages;
        this.counters = counters;
    }

    /** The row of {@code event}. */
    Optional<ArvadosRow> row(Event event) {
        return entry(event).row();
    }

    /** What is sent of {@code event}; empty if nobody can be asked who may see it, or it can't be told. */
    Optional<Sendable> sendable(Event event) {
        Entry found = entry(event);
        if (found.sendable().isPresent() || found.row().isEmpty()) {
            return found.sendable();
        }
        Optional<Sendable> made = make(found.row().get());
        keep(new Entry(event, found.row(), made));
        return made;
    }

    @SuppressWarnings("ReferenceEquality") // another event with that id may be of the log as it was before a rewind
    private Entry entry(Event event) {
        Entry found = kept.get(slot(event));
        if (found != null && found.event() == event) {
            return found;
        }
        Entry made = new Entry(event, ArvadosRow.of(event, kinds), Optional.empty());
        keep(made);
        return made;
    }

    private void keep(Entry entry) {
        if (entry.event().size() <= LARGEST_KEPT) {
            kept.set(slot(entry.event()), entry);
        }
    }

    private static int slot(Event event) {
        return (int) (event.id() % KEPT);
    }

    private Optional<Sendable> make(ArvadosRow row) {
        Optional<String> decidedBy = row.decidedBy();
        Optional<ArvadosMessages.Encoded> message = decidedBy.isPresent() ? messages.encode(row) : Optional.empty();
        if (decidedBy.isEmpty() || message.isEmpty()) {
            counters.odd.increment();
            if (saidOdd.compareAndSet(false, true)) {
                LOG.warn(
                        "event {} is not sent, since its row doesn't tell who may see it; more are only counted",
                        row.id());
            }
            return Optional.empty();
        }
        if (!row.properties().readable()) {
            counters.unreadable.increment();
            if (saidUnreadable.compareAndSet(false, true)) {
                LOG.warn(
                        "the properties of event {} are neither JSON nor YAML: {} is sent; more are only counted",
                        row.id(),
                        "{}");
            }
        }
        if (message.get().cut()) {
            counters.cut.increment();
        }
        return Optional.of(new Sendable(row.id(), decidedBy.get(), message.get()));
    }
}
