package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.Batch;
import dev.everafter.core.Cursor;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Poll;
import dev.everafter.core.Position;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import dev.everafter.server.spi.Principal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A subscription whose rights are revoked while it polls: what it found is dropped, whatever it is. */
class OvertakenPollTest {
    private static final Filter BEFORE = Filter.topic("red");
    private static final Filter AFTER = Filter.topic("blue");
    private static final Position START = new Position("e1", 5);

    private final Deque<Poll> polls = new ArrayDeque<>(List.of(new Poll.Started(START, 30)));
    private final List<String> opened = new ArrayList<>();
    private final List<String> told = new ArrayList<>();
    private boolean revokedByTheNext;
    private boolean holds = true;
    private Filter visibility = BEFORE;
    private long position = 5;
    private String epoch = "e1";

    private final Subscription subscription = new Subscription(
            new ClientMessage.Subscribe(
                    "s", Filter.all(), StartFrom.beginning(), false, 10, 10, 10_000, Optional.empty(), false),
            new Refs().take(new Refs.Shape(Selection.of(Filter.all()), 10, 10_000), taken -> false),
            this::open,
            new Rights() {
                @Override
                public boolean hold() {
                    return holds;
                }

                @Override
                public Filter visibility() {
                    return visibility;
                }

                @Override
                public Optional<Principal> principal() {
                    return Optional.empty();
                }
            },
            () -> {},
            ServerListener.NONE,
            Optional.empty(),
            news -> Optional.empty());

    private Cursor open(Selection selection, StartFrom from) {
        opened.add(selection.visibility().equals(AFTER.canonical()) + " " + from);
        return new Scripted();
    }

    /** Finds what it was given, and is overtaken by a revocation where the test says so. */
    private final class Scripted implements Cursor {
        @Override
        public Poll poll(int maxEvents, long maxBytes) {
            Poll found = polls.remove();
            if (found instanceof Poll.Events events) {
                position = events.batch().to();
            }
            holds &= !revokedByTheNext;
            return found;
        }

        @Override
        public void onReady(Runnable signal) {}

        @Override
        public long position() {
            return position;
        }

        @Override
        public String epoch() {
            return epoch;
        }

        @Override
        public State state() {
            return State.LIVE;
        }

        @Override
        public void close() {}
    }

    private void poll(Poll found) {
        polls.add(found);
        subscription.poll(message -> told.add(message.text()));
    }

    private static Poll events(long after, long to) {
        return new Poll.Events(
                new Batch(after, to, List.of(Event.builder(to, "red", "insert").build())));
    }

    @Test
    void shouldTellNothingOfAPollThatARevocationHasOvertaken() {
        subscription.poll(started -> {});
        poll(events(5, 6));
        assertEquals(1, told.size());
        revokedByTheNext = true;
        poll(events(6, 8));
        assertEquals(1, told.size(), told::toString);
        assertEquals(6, subscription.told());
        // Not even that nothing was there: by the new rights there may be something.
        assertEquals(Optional.empty(), subscription.advanced());
        assertEquals(6, subscription.told());

        visibility = AFTER;
        holds = true;
        revokedByTheNext = false;
        subscription.reselect();
        assertEquals("true " + StartFrom.after(new Position("e1", 6)), opened.get(1));
    }

    @Test
    void shouldLookAgainWhenAnEmptyPollWasOvertakenThoughTheRightsAreTheSame() {
        subscription.poll(started -> {});
        revokedByTheNext = true;
        position = 9;
        poll(Poll.Nothing.NOTHING);
        holds = true;
        revokedByTheNext = false;
        subscription.reselect();
        assertEquals("false " + StartFrom.after(START), opened.get(1));
    }

    @Test
    void shouldKeepItsCursorWhenTheRightsAreTheSameAndNothingWasDropped() {
        subscription.poll(started -> {});
        poll(events(5, 6));
        subscription.reselect();
        assertEquals(1, opened.size());
    }

    @Test
    void shouldGoOnFromWhereItHasLookedWhenOtherRightsComeBetweenPolls() {
        subscription.poll(started -> {});
        position = 9;
        poll(Poll.Nothing.NOTHING);
        visibility = AFTER;
        subscription.reselect();
        assertEquals("true " + StartFrom.after(new Position("e1", 9)), opened.get(1));
    }

    /** It failed with "epoch is empty". */
    @Test
    void shouldTellNoEpochWhileTheCursorByOtherRightsHasNotBegun() {
        subscription.poll(started -> {});
        visibility = AFTER;
        subscription.reselect();
        epoch = "";
        poll(Poll.Nothing.NOTHING);
        assertEquals(List.of(), told);
    }
}
