package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Gap;
import dev.everafter.core.LogRange;
import dev.everafter.core.Position;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@link EventLog#resolve} keeps. */
abstract class EventLogResolveContract extends EventLogReadContract {
    @Test
    void shouldResolveEachStartInThePresentEpoch() throws Exception {
        append(3);
        long head = provenHead();
        LogRange range = log.range();
        String epoch = range.epoch();
        Position middle = new Position(epoch, head - 1);
        assertAll(
                () -> assertEquals(new Start.At(middle), log.resolve(StartFrom.after(middle))),
                () -> assertEquals(new Start.At(middle.at(head)), log.resolve(StartFrom.after(middle.at(head)))),
                () -> assertEquals(new Start.At(middle.at(0)), log.resolve(StartFrom.after(middle.at(0)))),
                () -> assertEquals(new Start.At(middle), log.resolve(new StartFrom.AfterId(head - 1))),
                () -> assertEquals(new Start.At(middle.at(range.oldest())), log.resolve(StartFrom.beginning())),
                () -> assertEquals(new Start.At(middle.at(range.head())), log.resolve(StartFrom.now())));
    }

    @Test
    void shouldSayRewoundWhenAPositionOfItsEpochWasNeverGivenOut() throws Exception {
        append(3);
        long head = provenHead();
        String epoch = log.range().epoch();
        long ahead = head + 1_000_000;

        Start.Rewound rewound =
                assertInstanceOf(Start.Rewound.class, log.resolve(StartFrom.after(new Position(epoch, ahead))));

        assertEquals(new Gap(Gap.Reason.REWOUND, head, ahead, new Position(epoch, head)), rewound.gap());
    }

    @Test
    void shouldSayAheadWhenAnIdWithoutEpochWasNeverGivenOut() throws Exception {
        append(3);
        long head = provenHead();
        assertEquals(new Start.Ahead(head + 1_000_000, head), log.resolve(new StartFrom.AfterId(head + 1_000_000)));
    }

    @Test
    void shouldNotGuessWhenTheEpochIsUnknown() throws Exception {
        append(3);
        for (long id : List.of(0L, 1L, 1_000_000L)) {
            assertEquals(
                    new Start.UnknownEpoch("no-such-epoch"),
                    log.resolve(StartFrom.after(new Position("no-such-epoch", id))));
        }
    }

    @Test
    void shouldStartBeforeEverythingThatIsNotOlderThanTheTime() throws Exception {
        long start = log.range().head();
        for (int i = 0; i < 5; i++) {
            append(2);
        }
        long head = provenHead();
        List<Event> all = readAll(start, head, Filter.all(), PLENTY);
        List<Instant> times = new ArrayList<>(all.stream().map(Event::at).toList());
        times.addAll(List.of(
                Instant.EPOCH, all.get(0).at().plusNanos(1), all.get(9).at().plusSeconds(3_600)));
        for (Instant time : times) {
            Position position = assertInstanceOf(Start.At.class, log.resolve(StartFrom.time(time)))
                    .position();
            assertTrue(position.id() <= head, position::toString);
            for (Event event : all) {
                assertTrue(
                        event.at().isBefore(time) || event.id() > position.id(),
                        () -> time + " starts after " + position + ", and misses " + event);
            }
        }
    }

    @Test
    void shouldKeepWhatHistoriesShareAndNameTheRestWhenRewound() throws Exception {
        List<Long> ids = appendSingly(10);
        Position first = new Position(log.range().epoch(), provenHead());
        long fork = ids.get(6);

        subject.rewind(fork);

        appendSingly(10);
        Position second = new Position(log.range().epoch(), provenHead());
        assertNotEquals(first.epoch(), second.epoch());
        assertCarriedOver(first, fork, second);
        assertEquals(new Start.At(second), log.resolve(StartFrom.after(second)));

        // a second time, further back: what both rewinds left is what counts
        fork = ids.get(4);
        subject.rewind(fork);

        List<Long> later = appendSingly(10);
        Position third = new Position(log.range().epoch(), provenHead());
        assertCarriedOver(first, fork, third);
        assertCarriedOver(second, fork, third);

        // and a third time, less far back: the first epoch gains nothing by it
        subject.rewind(later.get(5));

        Position fourth = new Position(log.range().epoch(), later.get(5));
        assertCarriedOver(first, fork, fourth);
        assertCarriedOver(third, later.get(5), fourth);
    }

    private void assertCarriedOver(Position earlier, long shared, Position present) {
        assertEquals(new Start.At(present.at(shared)), log.resolve(StartFrom.after(earlier.at(shared))));
        for (long id : List.of(shared + 1, earlier.id())) {
            assertEquals(
                    new Start.Rewound(new Gap(Gap.Reason.REWOUND, shared, id, present.at(shared))),
                    log.resolve(StartFrom.after(earlier.at(id))));
        }
    }
}
