package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That rights were revoked is told before what comes after it can be seen, and seen by nobody. */
class RevocationTest {
    private static final int PLENTY = 1 << 20;

    private final Dispatcher dispatcher = new Dispatcher(PLENTY, PLENTY, HubListener.NONE);
    /** Whose, and what the head was at that moment. */
    private final List<String> told = new ArrayList<>();

    RevocationTest() {
        dispatcher
                .revocations()
                .add(revocation -> told.add(revocation.subject().orElse("everyone") + " at "
                        + dispatcher.head().map(Head::id).orElse(-1L)));
    }

    private static Event event(long id) {
        return Event.builder(id, "t", "insert").build();
    }

    private static Event revocation(long id, String data) {
        return Event.builder(id, Revocation.TOPIC, "revoke")
                .data(RawJson.of(data))
                .build();
    }

    private static Event revocationOf(long id, String subject) {
        return revocation(id, new Revocation(Optional.of(subject)).toJson().toString());
    }

    @Test
    void shouldTellOfARevocationBeforeTheHeadPassesIt() {
        dispatcher.apply(new TailUpdate.Started("e1", 3));
        told.clear();
        dispatcher.apply(new TailUpdate.Advanced(List.of(event(4), revocationOf(5, "bob"), event(6)), 6));
        dispatcher.apply(new TailUpdate.Advanced(List.of(revocationOf(7, "b\"o\\b")), 7));
        assertEquals(List.of("bob at 3", "b\"o\\b at 6"), told);
        assertEquals(7, dispatcher.head().orElseThrow().id());
    }

    @Test
    void shouldTellNobodyTwiceWhenTheTailerRepeatsItself() {
        dispatcher.apply(new TailUpdate.Started("e1", 3));
        dispatcher.apply(new TailUpdate.Advanced(List.of(revocationOf(4, "bob")), 4));
        told.clear();
        dispatcher.apply(new TailUpdate.Advanced(List.of(revocationOf(4, "bob")), 4));
        dispatcher.apply(new TailUpdate.Started("e1", 4));
        assertEquals(List.of(), told);
    }

    @Test
    void shouldTellEveryoneWhenARevocationMayHaveBeenMissed() {
        dispatcher.apply(new TailUpdate.Started("e1", 3));
        dispatcher.apply(new TailUpdate.Started("e1", 9));
        dispatcher.apply(new TailUpdate.EpochChanged("e2", 5));
        assertEquals(List.of("everyone at -1", "everyone at 3", "everyone at 9"), told);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"null", "{}", "[]", "{\"subject\":null}", "{\"subject\":\"\"}", "{\"subject\":7}", "\"bob\"", "{"
            })
    void shouldConcernEveryoneWhenItDoesNotSayWhom(String data) {
        assertEquals(Revocation.OF_EVERYONE, Revocation.of(revocation(1, data)));
    }

    @Test
    void shouldBeDeliveredToNobodyWhateverTheyAskFor() {
        Event event = revocationOf(1, "bob");
        Event emptied = Event.builder(1, Revocation.TOPIC, "truncate").build();
        for (Filter filter : List.of(Filter.all(), Filter.topic(Revocation.TOPIC), Filter.not(Filter.topic("t")))) {
            assertEquals(Optional.empty(), Selection.of(filter).select(event));
            assertEquals(Optional.empty(), Selection.of(filter).select(emptied));
        }
        assertTrue(Selection.of(Filter.all()).select(event(1)).isPresent());
        assertFalse(new Revocation(Optional.of("bob")).concerns("eve"));
    }

    @Test
    void shouldBeWrittenToTheLogInItsPlace() {
        try (InMemoryEventLog log = new InMemoryEventLog()) {
            log.append("t", "insert", RawJson.of("1"));
            log.revoke(new Revocation(Optional.of("bob")));
            Page page = log.read(0, log.range().head(), Filter.all(), new ReadLimits(10, PLENTY));
            assertEquals(
                    new Revocation(Optional.of("bob")),
                    Revocation.of(page.events().get(1)));
        }
    }
}
