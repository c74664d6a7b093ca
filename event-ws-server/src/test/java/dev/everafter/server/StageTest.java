package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Batch;
import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.EventCheck;
import dev.everafter.server.spi.EventCheck.Verdict;
import dev.everafter.server.spi.Principal;
import dev.everafter.testkit.Seed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What a subscription holds until it is decided; by a clock that the test moves. */
class StageTest {
    private static final Principal ALICE = Principal.of("alice");

    private final HandMeans hand = new HandMeans();
    private final Map<String, CompletableFuture<Verdict>> answers = new HashMap<>();
    private final EventChecks checks =
            new EventChecks(EventChecking.by(check(this::answer)), hand.means(), failure -> {});
    private final Stage stage = stage(checks, ALICE, () -> {});

    private interface Says {
        CompletionStage<Verdict> about(Principal principal, String object);
    }

    private static Stage stage(EventChecks checks, Principal principal, Runnable waiter) {
        return new Stage(Optional.of(checks), Optional.of(principal), Optional.empty(), waiter);
    }

    /** The topic is the object. */
    private static EventCheck check(Says says) {
        return new EventCheck() {
            @Override
            public Optional<String> object(Event event) {
                return Optional.of(event.topic());
            }

            @Override
            public CompletionStage<Verdict> check(Principal principal, String object) {
                return says.about(principal, object);
            }
        };
    }

    private CompletableFuture<Verdict> answer(Principal principal, String object) {
        return answers.computeIfAbsent(object, ignored -> new CompletableFuture<>());
    }

    private void say(String object, Verdict verdict) {
        answer(Principal.of("alice"), object).complete(verdict);
        hand.run();
    }

    private static Event event(long id, String topic) {
        return Event.builder(id, topic, "t").data(RawJson.of("{}")).build();
    }

    private void take(String... topics) {
        List<Event> events = new ArrayList<>();
        for (String topic : topics) {
            events.add(event(11 + events.size(), topic));
        }
        stage.take(new Batch(10, 20, events));
        hand.run();
    }

    private static List<Long> ids(Stage.Decided decided) {
        return decided.events().stream().map(Event::id).toList();
    }

    @Test
    void shouldLetGoOfThePrefixThatIsDecided() {
        take("a", "b", "c", "d");
        say("b", Verdict.DENIED);
        say("d", Verdict.ALLOWED);
        assertEquals(new Stage.Decided(10, List.of()), stage.decide());
        say("a", Verdict.ALLOWED);
        Stage.Decided two = stage.decide();
        assertEquals(List.of(11L), ids(two));
        assertEquals(12, two.to());
        assertEquals(12, stage.passed());
        assertTrue(stage.holds());
        say("c", Verdict.ALLOWED);
        Stage.Decided rest = stage.decide();
        assertEquals(List.of(13L, 14L), ids(rest));
        assertEquals(20, rest.to());
        assertFalse(stage.holds());
        assertEquals(4, checks.asked());
    }

    @Test
    void shouldAskAgainWhenTheAnswerHoldsNoMoreBeforeItIsUsed() {
        take("a");
        say("a", Verdict.ALLOWED);
        answers.clear();
        hand.pass(Duration.ofSeconds(60));
        assertEquals(List.of(), ids(stage.decide()));
        hand.run();
        say("a", Verdict.DENIED);
        assertEquals(new Stage.Decided(20, List.of()), stage.decide());
        assertEquals(2, checks.asked());
    }

    @Test
    void shouldUseNoAnswerFromBeforeARevokeWhenItWasNotUsedYet() {
        take("a", "b");
        say("a", Verdict.ALLOWED);
        CompletableFuture<Verdict> askedBefore = answers.get("b");
        answers.clear();
        checks.forget(new Revocation(Optional.of("alice")));
        Objects.requireNonNull(askedBefore).complete(Verdict.ALLOWED);
        hand.run();
        assertEquals(List.of(), ids(stage.decide()));
        hand.run();
        say("a", Verdict.DENIED);
        say("b", Verdict.DENIED);
        assertEquals(new Stage.Decided(20, List.of()), stage.decide());
    }

    @Test
    void shouldForgetTheOnePrincipalAlone() {
        take("a");
        say("a", Verdict.ALLOWED);
        checks.forget(new Revocation(Optional.of("bob")));
        assertEquals(List.of(11L), ids(stage.decide()));
        assertEquals(1, checks.remembered());
        checks.forget(new Revocation(Optional.of("alice")));
        assertEquals(0, checks.remembered());
    }

    @Test
    void shouldWaitForNothingMoreWhenItIsDropped() {
        take("a", "b");
        say("a", Verdict.UNAVAILABLE);
        assertEquals(2, checks.waiting());
        stage.drop();
        say("b", Verdict.UNAVAILABLE);
        assertEquals(0, checks.waiting());
        assertEquals(0, hand.alarms());
        assertFalse(stage.holds());
    }

    @Test
    void shouldDecideForThePrincipalThatItHasBecome() {
        take("a");
        say("a", Verdict.ALLOWED);
        answers.clear();
        stage.become(Principal.of("bob"));
        hand.run();
        say("a", Verdict.DENIED);
        assertEquals(new Stage.Decided(20, List.of()), stage.decide());
    }

    @Test
    void shouldAskAboutTheNextBatchForThePrincipalThatItHasBecome() {
        List<String> asked = new ArrayList<>();
        EventChecks noting = new EventChecks(
                EventChecking.by(check((principal, object) -> {
                    asked.add(principal.subject());
                    return new CompletableFuture<>();
                })),
                hand.means(),
                failure -> {});
        Stage becoming = stage(noting, ALICE, () -> {});
        becoming.become(Principal.of("bob"));
        becoming.take(new Batch(10, 20, List.of(event(11, "a"))));
        hand.run();
        assertEquals(List.of("bob"), asked);
    }

    @Test
    void shouldLetGoOfExactlyTheAllowedInOrderOnceWhateverFailsMeanwhile() {
        Random random = Seed.random("StageTest");
        for (int round = 0; round < 40; round++) {
            new Round(random).run();
        }
    }

    /** Several subscriptions of two principals, one that answers in any order and fails in any way, and time that passes. */
    private static final class Round {
        private final Random random;
        private final HandMeans hand = new HandMeans();
        private final List<Runnable> toAnswer = new ArrayList<>();
        private final Set<String> asking = new HashSet<>();
        private final EventChecks checks = new EventChecks(
                EventChecking.by(check(this::ask)).withAnswersFor(Duration.ofSeconds(2), Duration.ofSeconds(1)),
                hand.means(),
                failure -> {});

        private Round(Random random) {
            this.random = random;
        }

        /** Depends on nothing but the two. */
        private static boolean allowed(String subject, String object) {
            return (subject.length() * 31 + object.hashCode()) % 3 != 0;
        }

        private CompletionStage<Verdict> ask(Principal principal, String object) {
            String both = principal.subject() + " " + object;
            assertTrue(asking.add(both), () -> both + " is asked twice at a time");
            CompletableFuture<Verdict> answer = new CompletableFuture<>();
            if (random.nextInt(10) == 0) {
                asking.remove(both);
                throw new IllegalStateException("thrown by the test");
            }
            toAnswer.add(() -> {
                asking.remove(both);
                switch (random.nextInt(6)) {
                    case 0 -> answer.complete(Verdict.UNAVAILABLE);
                    case 1 -> answer.completeExceptionally(new IllegalStateException("failed by the test"));
                    case 2 -> answer.complete(null);
                    default -> answer.complete(allowed(principal.subject(), object) ? Verdict.ALLOWED : Verdict.DENIED);
                }
            });
            return answer;
        }

        private void run() {
            List<Reader> readers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                readers.add(new Reader(i % 2 == 0 ? "eve" : "alice"));
            }
            while (readers.stream().anyMatch(reader -> !reader.isDone())) {
                readers.get(random.nextInt(readers.size())).step();
                if (!toAnswer.isEmpty() && random.nextInt(3) > 0) {
                    toAnswer.remove(random.nextInt(toAnswer.size())).run();
                }
                if (random.nextInt(50) == 0) {
                    checks.forget(new Revocation(Optional.of("eve")));
                }
                hand.run();
                // Never as long as patience, so that the one who answers isn't asked again before.
                hand.pass(Duration.ofMillis(toAnswer.isEmpty() ? 200 : random.nextInt(3)));
            }
            readers.forEach(Reader::compare);
            assertEquals(0, checks.waiting());
        }

        private final class Reader {
            private final String subject;
            private final List<Event> events = new ArrayList<>();
            private final List<Long> got = new ArrayList<>();
            private final Stage stage;
            private int taken;
            private boolean news = true;

            private Reader(String subject) {
                this.subject = subject;
                this.stage = StageTest.stage(checks, Principal.of(subject), () -> news = true);
                for (int id = 1; id <= 40; id++) {
                    events.add(event(id, "o" + random.nextInt(8)));
                }
            }

            private boolean isDone() {
                return taken == events.size() && !stage.holds();
            }

            /** It looks only when it was told to. */
            private void step() {
                if (!stage.holds() && taken < events.size()) {
                    int end = Math.min(events.size(), taken + 1 + random.nextInt(10));
                    stage.take(new Batch(taken, end, events.subList(taken, end)));
                    taken = end;
                    news = true;
                }
                if (news && stage.holds()) {
                    news = false;
                    stage.decide().events().forEach(event -> got.add(event.id()));
                }
            }

            private void compare() {
                assertEquals(
                        events.stream()
                                .filter(event -> allowed(subject, event.topic()))
                                .map(Event::id)
                                .toList(),
                        got);
            }
        }
    }
}
