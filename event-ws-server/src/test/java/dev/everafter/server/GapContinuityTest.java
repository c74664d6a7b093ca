package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Batch;
import dev.everafter.core.Cursor;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Gap;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A gap joins on to what the client was told before, though its cursor may have passed events that did not match. */
class GapContinuityTest {
    private final List<String> told = new ArrayList<>();

    /** A client at 5 that heard of a gap after 8 could not know whether the events of 6 to 8 were lost on the way. */
    @ParameterizedTest
    @EnumSource(Gap.Reason.class)
    void shouldTellThePositionBeforeAGapThatBeginsBeyondIt(Gap.Reason reason) {
        tell(new Gap(reason, 8, 20, new Position("e1", 20)));
        assertEquals("{\"type\":\"position\",\"after\":5,\"to\":8,\"refs\":[1]}", told.get(0));
        assertEquals(2, told.size());
    }

    @Test
    void shouldTellNoPositionBeforeAGapThatJoinsOn() {
        tell(new Gap(Gap.Reason.RETENTION, 5, 20, new Position("e1", 20)));
        assertEquals(1, told.size());
    }

    /** Others may be told of the same events after a place where this client, which was told nothing on the way, isn't. */
    @Test
    void shouldTellWhereTheClientIsWhenABatchThatIsSharedBeginsLater() {
        Event event = Event.builder(9, "t", "happened").build();
        tell(new Poll.Events(new Batch(8, 12, List.of(event))));
        assertTrue(told.get(0).startsWith("{\"type\":\"events\",\"ref\":1,\"after\":5,\"to\":12,"), told::toString);
    }

    private void tell(Gap gap) {
        tell(new Poll.Missing(gap));
    }

    /** What a subscription that was told 5 says of {@code found}. */
    private void tell(Poll found) {
        Subscription subscription = new Subscription(
                new ClientMessage.Subscribe(
                        "s", Filter.all(), StartFrom.beginning(), false, 10, 10, 10_000, Optional.empty(), false),
                new Refs().take(new Refs.Shape(Selection.of(Filter.all()), 10, 10_000), taken -> false),
                (selection, from) -> new Scripted(new Poll.Started(new Position("e1", 5), 30), found),
                new EverythingIsSeen(),
                () -> {},
                ServerListener.NONE,
                Optional.empty(),
                news -> Optional.empty());
        subscription.poll(started -> {});
        subscription.poll(message -> told.add(message.text()));
    }

    /** Rights that nobody takes away. */
    private static final class EverythingIsSeen implements Rights {
        @Override
        public boolean hold() {
            return true;
        }

        @Override
        public Filter visibility() {
            return Filter.all();
        }

        @Override
        public Optional<Principal> principal() {
            return Optional.empty();
        }
    }

    /** Finds what it was given. */
    private static final class Scripted implements Cursor {
        private final Deque<Poll> polls;

        Scripted(Poll... polls) {
            this.polls = new ArrayDeque<>(List.of(polls));
        }

        @Override
        public Poll poll(int maxEvents, long maxBytes) {
            return polls.remove();
        }

        @Override
        public void onReady(Runnable signal) {}

        @Override
        public long position() {
            return 5;
        }

        @Override
        public String epoch() {
            return "e1";
        }

        @Override
        public State state() {
            return State.CATCHING_UP;
        }

        @Override
        public void close() {}
    }
}
