package dev.everafter.server;

import dev.everafter.core.Attribute;
import dev.everafter.core.Cursor;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Gap;
import dev.everafter.core.Poll;
import dev.everafter.core.Position;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import dev.everafter.server.spi.BearerToken;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of one v0 connection, whatever its subscriptions: one cursor, which selects what any of them may match, is opened
 * anew where that changes or a subscription begins further back. So connections with the same filters share their lane, and
 * {@link ArvadosSubscriptions} alone says what is sent.
 *
 * <p>Belongs to its session's turn, but for the cursor's signal, which may come from any thread.
 */
final class ArvadosStream {
    private static final Logger LOG = LoggerFactory.getLogger(ArvadosStream.class);
    private static final int REMEMBERED = 16;
    /** What one batch may be: it stays in memory while it is decided who may see it. */
    private static final int BATCH_EVENTS = 32;

    private static final long BATCH_BYTES = 256 << 10;
    /** Batches of which nothing was sent, before another session has its go. */
    private static final int POLLS = 8;

    private final ArvadosHost host;
    private final Runnable signal;
    private final ArvadosSubscriptions<Filter> subscriptions;
    private final ArvadosGate gate;

    private Optional<Cursor> cursor = Optional.empty();
    private Selection selection = Selection.of(Filter.none());
    private volatile boolean ready;
    private String epoch = "";
    private long sent;

    /** The cursor has ended by itself. */
    static final class EndedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private EndedException(String message) {
            super(message);
        }
    }

    ArvadosStream(ArvadosHost host, BearerToken token, Runnable signal) {
        this.host = host;
        this.signal = signal;
        ArvadosOptions rules = host.rules();
        this.subscriptions = new ArvadosSubscriptions<>(rules.subscriptions(), REMEMBERED * rules.subscriptions());
        this.gate = new ArvadosGate(
                host.checks(), token, rules, host.counters(), host.options().ticker(), host::after, signal);
    }

    /** Begins a subscription, and answers. */
    String subscribe(ArvadosCommand.Subscribe asked, Position head) {
        if (cursor.isEmpty() && !epoch.equals(head.epoch())) {
            // Ids mean other events now. Whoever has a cursor is told by it.
            subscriptions.rewind(0);
            epoch = head.epoch();
        }
        long before = subscriptions.position();
        if (!subscriptions.subscribe(asked.filter(), asked.after(), head.id())) {
            return ArvadosMessages.status(403, "too many subscriptions on one connection");
        }
        follow(subscriptions.position() != before);
        return ArvadosMessages.status(200);
    }

    /** Ends a subscription, and answers. */
    String unsubscribe(ArvadosCommand.Unsubscribe asked) {
        if (!subscriptions.unsubscribe(asked.filter())) {
            return ArvadosMessages.status(400, "no subscription with these filters");
        }
        follow(false);
        return ArvadosMessages.status(200);
    }

    private void follow(boolean moved) {
        List<Filter> filters = subscriptions.filters();
        if (filters.isEmpty()) {
            cursor.ifPresent(Cursor::close);
            cursor = Optional.empty();
            return;
        }
        Selection wanted = Selection.of(Filter.and(
                Filter.topic(host.rules().topic()),
                Filter.where(Attribute.TYPE).is("insert"),
                Filter.or(filters.stream().map(ArvadosFilters::wider).toArray(Filter[]::new))));
        if (moved || cursor.isEmpty() || !wanted.equals(selection)) {
            selection = wanted;
            cursor.ifPresent(Cursor::close);
            Cursor opened = host.hub().open(wanted, StartFrom.after(new Position(epoch, subscriptions.position())));
            cursor = Optional.of(opened);
            ready = true;
            opened.onReady(() -> {
                ready = true;
                signal.run();
            });
        }
    }

    /** The next event's message, if there is one now. */
    Optional<String> next() {
        for (int polls = 0; polls < POLLS; polls++) {
            Optional<ArvadosRows.Sendable> event = gate.next();
            if (event.isPresent()) {
                return Optional.of(event.get().message().with(++sent));
            }
            if (!gate.isClear() || !ready || cursor.isEmpty()) {
                return Optional.empty();
            }
            poll(cursor.get());
        }
        signal.run();
        return Optional.empty();
    }

    private void poll(Cursor open) {
        // Before the poll: a signal that comes while it runs must not be lost.
        ready = false;
        Poll found = open.poll(BATCH_EVENTS, BATCH_BYTES);
        if (found instanceof Poll.Missing missing) {
            skip(missing.gap());
        }
        noticeEpoch(open);
        if (found instanceof Poll.Nothing) {
            subscriptions.passTo(open.position());
            return;
        }
        ready = true;
        if (found instanceof Poll.Events events) {
            events.batch().events().forEach(this::take);
            subscriptions.passTo(events.batch().to());
        } else if (found instanceof Poll.Ended ended) {
            throw new EndedException(ended.message());
        }
    }

    private void take(Event event) {
        Optional<ArvadosRow> row = host.rows().row(event);
        if (subscriptions.pass(event.id(), filter -> row.map(filter::matches).orElse(false))) {
            host.rows().sendable(event).ifPresent(gate::add);
        }
    }

    /** v0 has no word for what can't be had. */
    private void skip(Gap gap) {
        LOG.warn("a connection is not sent the events {} to {}: {}", gap.after() + 1, gap.to(), gap.reason());
        if (gap.reason() == Gap.Reason.REWOUND) {
            subscriptions.rewind(gap.after());
            epoch = gap.resume().epoch();
        } else {
            subscriptions.passTo(gap.resume().id());
        }
    }

    /**
     * A log that went back to a place not before the cursor's says no more than that. What was sent beyond is sent again then,
     * for ids mean other events now.
     */
    private void noticeEpoch(Cursor open) {
        if (!open.epoch().isEmpty() && !open.epoch().equals(epoch)) {
            subscriptions.rewind(subscriptions.position());
            epoch = open.epoch();
        }
    }

    void close() {
        cursor.ifPresent(Cursor::close);
        gate.close();
    }
}
