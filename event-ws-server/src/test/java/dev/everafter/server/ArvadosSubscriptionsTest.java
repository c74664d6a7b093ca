package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.Seed;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ArvadosSubscriptionsTest {
    private static final int RUNS = 20_000;
    private static final int STEPS = 60;
    private static final int KINDS = 6;
    private static final int PLENTY = 1_000;

    /** One connection, what it must get, and what it got. */
    private static final class Connection {
        private final ArvadosSubscriptions<Set<Integer>> subscriptions = new ArvadosSubscriptions<>(PLENTY, PLENTY);
        private final List<Integer> log = new ArrayList<>();
        private final List<Wish> wishes = new ArrayList<>();
        private final List<Long> sent = new ArrayList<>();

        /** What an active subscription is owed: every match after its start. */
        private record Wish(Set<Integer> filter, long start) {}

        void subscribe(Set<Integer> filter, OptionalLong after) {
            assertTrue(subscriptions.subscribe(filter, after, log.size()));
            wishes.add(new Wish(filter, Math.min(after.orElse(log.size()), log.size())));
        }

        void unsubscribe(Set<Integer> filter) {
            assertTrue(subscriptions.unsubscribe(filter));
            wishes.remove(wishes.stream()
                    .filter(wish -> wish.filter().equals(filter))
                    .findFirst()
                    .orElseThrow());
        }

        void advance() {
            long id = subscriptions.position() + 1;
            int kind = log.get((int) id - 1);
            if (subscriptions.pass(id, filter -> filter.contains(kind))) {
                sent.add(id);
            }
        }

        boolean isBehind() {
            return !wishes.isEmpty() && subscriptions.position() < log.size();
        }

        List<Long> missing() {
            Set<Long> owed = new TreeSet<>();
            for (Wish wish : wishes) {
                for (long id = wish.start() + 1; id <= log.size(); id++) {
                    if (wish.filter().contains(log.get((int) id - 1))) {
                        owed.add(id);
                    }
                }
            }
            owed.removeAll(sent);
            return List.copyOf(owed);
        }
    }

    @Test
    void shouldNeitherMissNorRepeatInRandomRuns() {
        Random seeds = Seed.random("ArvadosSubscriptionsTest");
        long sent = 0;
        for (int run = 0; run < RUNS; run++) {
            long seed = seeds.nextLong();
            Connection connection = run(new Random(seed));
            assertEquals(List.of(), connection.missing(), "missing in run " + run + " with seed " + seed);
            assertEquals(
                    new HashSet<>(connection.sent).size(),
                    connection.sent.size(),
                    "repeated in run " + run + " with seed " + seed + ": " + connection.sent);
            sent += connection.sent.size();
        }
        assertTrue(sent > RUNS, "only " + sent + " events were sent in all runs");
    }

    private static Connection run(Random random) {
        Connection connection = new Connection();
        for (int step = 0; step < STEPS; step++) {
            double chance = random.nextDouble();
            if (chance < .35) {
                connection.log.add(random.nextInt(KINDS));
            } else if (chance < .5 && connection.wishes.size() < 4) {
                connection.subscribe(filter(random), start(random, connection.log.size()));
            } else if (chance < .57 && !connection.wishes.isEmpty()) {
                int any = random.nextInt(connection.wishes.size());
                connection.unsubscribe(connection.wishes.get(any).filter());
            } else if (connection.isBehind()) {
                connection.advance();
            }
        }
        while (connection.isBehind()) {
            connection.advance();
        }
        return connection;
    }

    /** Few enough that equal ones are common. */
    private static Set<Integer> filter(Random random) {
        Set<Integer> kinds = new TreeSet<>();
        int size = 1 + random.nextInt(3);
        while (kinds.size() < size) {
            kinds.add(random.nextInt(KINDS));
        }
        return kinds;
    }

    private static OptionalLong start(Random random, int head) {
        return random.nextInt(3) == 0 ? OptionalLong.empty() : OptionalLong.of(random.nextInt(Math.max(head, 1) + 2));
    }

    @Test
    void shouldNotSendAgainWhatAnEndedSubscriptionGot() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(4, 8);
        subscriptions.subscribe("a", OptionalLong.of(0), 3);
        assertTrue(subscriptions.pass(1, "a"::equals));
        subscriptions.unsubscribe("a");

        subscriptions.subscribe("a", OptionalLong.of(0), 3);

        assertFalse(subscriptions.pass(1, "a"::equals));
        assertTrue(subscriptions.pass(2, "a"::equals));
    }

    @Test
    void shouldSendToALaterSubscriptionWhatAnEarlierOneDidNotMatch() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(4, 8);
        subscriptions.subscribe("a", OptionalLong.of(0), 3);
        assertFalse(subscriptions.pass(1, "b"::equals));

        subscriptions.subscribe("b", OptionalLong.of(0), 3);

        assertEquals(0, subscriptions.position());
        assertTrue(subscriptions.pass(1, "b"::equals));
    }

    @Test
    void shouldEndTheOldestOfEqualSubscriptions() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(4, 8);
        subscriptions.subscribe("a", OptionalLong.of(5), 9);
        subscriptions.passTo(6);
        subscriptions.subscribe("a", OptionalLong.of(2), 9);

        subscriptions.unsubscribe("a");

        // what remains began at 2, and has passed nothing
        assertTrue(subscriptions.pass(3, "a"::equals));
        assertFalse(subscriptions.pass(6, "a"::equals));
        assertTrue(subscriptions.pass(7, "a"::equals));
    }

    @Test
    void shouldEndEachSubscriptionOnce() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(4, 8);
        subscriptions.subscribe("a", OptionalLong.empty(), 0);
        subscriptions.subscribe("a", OptionalLong.empty(), 0);

        assertTrue(subscriptions.unsubscribe("a"));
        assertTrue(subscriptions.unsubscribe("a"));
        assertFalse(subscriptions.unsubscribe("a"));
    }

    @Test
    void shouldStartAtTheHeadAtMost() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(4, 8);
        subscriptions.subscribe("a", OptionalLong.of(1_000), 7);

        assertEquals(7, subscriptions.position());
        assertTrue(subscriptions.pass(8, "a"::equals));
    }

    @Test
    void shouldRefuseMoreThanItMayHave() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(2, 4);
        assertTrue(subscriptions.subscribe("a", OptionalLong.empty(), 0));
        assertTrue(subscriptions.subscribe("b", OptionalLong.empty(), 0));
        assertFalse(subscriptions.subscribe("c", OptionalLong.empty(), 0));
        assertEquals(List.of("a", "b"), subscriptions.filters());
    }

    @Test
    void shouldRefuseMoreThanItCanRemember() {
        ArvadosSubscriptions<Integer> subscriptions = new ArvadosSubscriptions<>(2, 4);
        for (int i = 0; i < 4; i++) {
            assertTrue(subscriptions.subscribe(i, OptionalLong.empty(), i));
            subscriptions.passTo(i + 1);
            assertTrue(subscriptions.unsubscribe(i));
        }
        assertEquals(4, subscriptions.remembered());
        assertFalse(subscriptions.subscribe(9, OptionalLong.empty(), 9));
    }

    @Test
    void shouldRememberTouchingIntervalsOfEqualFiltersAsOne() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(2, 4);
        for (int i = 0; i < 100; i++) {
            assertTrue(subscriptions.subscribe("a", OptionalLong.of(i), 100));
            subscriptions.passTo(i + 1);
            assertTrue(subscriptions.unsubscribe("a"));
        }
        assertEquals(1, subscriptions.remembered());
    }

    @Test
    void shouldSendWhatTookTheIdsOfEventsThatTheLogLost() {
        ArvadosSubscriptions<String> subscriptions = new ArvadosSubscriptions<>(4, 8);
        subscriptions.subscribe("a", OptionalLong.of(0), 9);
        subscriptions.subscribe("b", OptionalLong.of(0), 9);
        subscriptions.passTo(9);
        subscriptions.unsubscribe("b");

        subscriptions.rewind(4);

        assertEquals(4, subscriptions.position());
        assertTrue(subscriptions.pass(5, filter -> true));
    }
}
