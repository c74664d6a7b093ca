package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Questions, each asked once at a time, until there is an answer; by a clock that the test moves. */
class AnswersTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration KEEP = Duration.ofSeconds(60);
    private static final int AT_ONCE = 3;

    private final HandMeans hand = new HandMeans();
    private final List<Call> calls = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final AtomicInteger wakings = new AtomicInteger();
    private final Runnable waiter = wakings::incrementAndGet;

    private record Call(List<String> keys, CompletableFuture<List<Integer>> answer) {
        void answer(Integer... values) {
            answer.complete(List.of(values));
        }

        void fail() {
            answer.completeExceptionally(new IllegalStateException("failed by the test"));
        }
    }

    private CompletionStage<List<Integer>> call(List<String> keys) {
        Call call = new Call(keys, new CompletableFuture<>());
        calls.add(call);
        return call.answer;
    }

    private Answers<String, Integer> answers(int batch, long capacity) {
        return answers(this::call, batch, capacity);
    }

    private Answers<String, Integer> answers(Answers.Source<String, Integer> source, int batch, long capacity) {
        Answers.Rules<String, Integer> rules =
                new Answers.Rules<>(AT_ONCE, batch, PATIENCE, value -> KEEP, (key, value) -> value, capacity);
        return new Answers<>(source, rules, hand.means(), failures::add);
    }

    private static Optional<Integer> answer(Answers<String, Integer>.Question question) {
        return question.answer();
    }

    @Test
    void shouldAskOnceWhenThousandsWaitForOneAnswer() {
        Answers<String, Integer> answers = answers(1, 100);
        List<Answers<String, Integer>.Question> questions = IntStream.range(0, 5_000)
                .mapToObj(i -> answers.ask("a", wakings::incrementAndGet))
                .toList();
        hand.run();
        assertEquals(1, calls.size());
        assertEquals(1, answers.waiting());
        calls.get(0).answer(7);
        assertEquals(5_000, wakings.get());
        questions.forEach(question -> assertEquals(Optional.of(7), question.answer()));
        assertEquals(Optional.of(7), answer(answers.ask("a", waiter)));
        hand.run();
        assertEquals(1, calls.size());
        assertEquals(0, answers.waiting());
    }

    @Test
    void shouldMakeAFewCallsAtATimeWhenManyAreDue() {
        Answers<String, Integer> answers = answers(2, 100);
        for (int i = 0; i < 20; i++) {
            answers.ask("k" + i, waiter);
        }
        hand.run();
        assertEquals(AT_ONCE, calls.size());
        calls.get(0).answer(1);
        hand.run();
        assertEquals(AT_ONCE + 1, calls.size());
        assertEquals(List.of("k3", "k4"), calls.get(3).keys);
    }

    @Test
    void shouldAskAllInOneCallWhenTheyComeTogether() {
        Answers<String, Integer> answers = answers(10, 100);
        List<Answers<String, Integer>.Question> asked = answers.ask(List.of("a", "b", "a"), waiter);
        hand.run();
        assertEquals(List.of(List.of("a", "b")), calls.stream().map(Call::keys).toList());
        calls.get(0).answer(1, 2);
        assertEquals(
                List.of(1, 2, 1),
                asked.stream().map(question -> question.answer().orElseThrow()).toList());
    }

    @Test
    void shouldAskAgainAfterAPauseThatDoublesWhenACallFails() {
        Answers<String, Integer> answers = answers(1, 100);
        Answers<String, Integer>.Question question = answers.ask("a", waiter);
        hand.run();
        for (int pause = 100; pause <= 30_000; pause = Math.min(30_000, pause * 2)) {
            int made = calls.size();
            calls.get(made - 1).fail();
            hand.pass(Duration.ofMillis(pause - 1));
            assertEquals(made, calls.size(), "asked before " + pause + " ms");
            hand.pass(Duration.ofMillis(1));
            assertEquals(made + 1, calls.size(), "not asked after " + pause + " ms");
            if (pause == 30_000) {
                break;
            }
        }
        assertEquals(0, wakings.get());
        assertEquals(Optional.empty(), question.answer());
        assertEquals(calls.size() - 1, failures.size());
        calls.get(calls.size() - 1).answer(1);
        assertEquals(Optional.of(1), question.answer());
        assertEquals(1, wakings.get());
        assertEquals(0, hand.alarms());
    }

    @Test
    void shouldAskByItselfWhatHasFailedTogether() {
        Answers<String, Integer> answers = answers(10, 100);
        answers.ask(List.of("a", "b", "c"), waiter);
        hand.run();
        calls.get(0).fail();
        hand.pass(Duration.ofSeconds(1));
        assertEquals(
                List.of(List.of("a"), List.of("b"), List.of("c")),
                calls.stream().skip(1).map(Call::keys).toList());
    }

    @Test
    void shouldAskAgainWhenTheAnswerIsNone() {
        Answers<String, Integer> answers = answers(1, 100);
        Answers<String, Integer>.Question question = answers.ask("a", waiter);
        hand.run();
        calls.get(0).answer(1, 2);
        hand.pass(Duration.ofSeconds(1));
        calls.get(1).answer(new Integer[0]);
        assertEquals(2, failures.size());
        assertEquals(Optional.empty(), question.answer());
    }

    @Test
    void shouldAskAgainWhenTheSourceThrowsOrReturnsNothing() {
        int[] asked = {0};
        Answers<String, Integer> answers = answers(
                keys -> {
                    asked[0]++;
                    if (asked[0] == 1) {
                        throw new IllegalStateException("thrown by the test");
                    }
                    if (asked[0] == 2) {
                        throw new StackOverflowError("thrown by the test");
                    }
                    return call(keys);
                },
                1,
                100);
        Answers<String, Integer>.Question question = answers.ask("a", waiter);
        hand.run();
        hand.pass(Duration.ofSeconds(1));
        calls.get(0).answer(1);
        assertEquals(Optional.of(1), question.answer());
        assertEquals(2, failures.size());
    }

    @Test
    void shouldAskAgainAndPassOverTheLateAnswerWhenPatienceEnds() {
        Answers<String, Integer> answers = answers(1, 100);
        Answers<String, Integer>.Question question = answers.ask("a", waiter);
        hand.run();
        hand.pass(PATIENCE.plusMillis(100));
        assertEquals(2, calls.size());
        calls.get(0).answer(1);
        assertEquals(Optional.empty(), question.answer());
        calls.get(1).answer(2);
        assertEquals(Optional.of(2), question.answer());
    }

    @Test
    void shouldAnswerAtOnceWhenNobodyNeedsToBeAsked() {
        Answers<String, Integer> answers = answers(
                new Answers.Source<>() {
                    @Override
                    public Optional<Integer> immediately(String key) {
                        return Optional.of(key.length());
                    }

                    @Override
                    public CompletionStage<List<Integer>> ask(List<String> keys) {
                        throw new AssertionError("asked for " + keys);
                    }
                },
                1,
                100);
        assertEquals(Optional.of(3), answer(answers.ask("abc", waiter)));
        assertEquals(0, wakings.get());
        assertEquals(3, answers.weight());
    }

    @Test
    void shouldAskAnewWhenAnAnswerIsTooOld() {
        Answers<String, Integer> answers = answers(1, 100);
        Answers<String, Integer>.Question question = answers.ask("a", waiter);
        hand.run();
        calls.get(0).answer(1);
        hand.pass(KEEP.minusNanos(1));
        assertEquals(Optional.of(1), question.answer());
        hand.pass(Duration.ofNanos(1));
        assertTrue(question.isOver());
        assertEquals(Optional.empty(), question.answer());
        assertEquals(Optional.empty(), answer(answers.ask("a", waiter)));
        hand.run();
        calls.get(1).answer(2);
        assertEquals(2, answers.weight());
        assertEquals(Optional.of(2), answer(answers.ask("a", waiter)));
    }

    @Test
    void shouldRememberWhatWasUsedLastWhenThereIsNoRoomForAll() {
        Answers<String, Integer> answers = answers(1, 30);
        for (String key : List.of("a", "b", "c")) {
            answers.ask(key, waiter);
            hand.run();
            calls.get(calls.size() - 1).answer(10);
        }
        answers.ask("a", waiter);
        answers.ask("d", waiter);
        hand.run();
        calls.get(calls.size() - 1).answer(10);
        assertEquals(30, answers.weight());
        assertEquals(Optional.of(10), answer(answers.ask("a", waiter)));
        assertEquals(Optional.empty(), answer(answers.ask("b", waiter)));
    }

    @Test
    void shouldHoldNothingWhenThoseWhoWaitedLetGo() {
        Answers<String, Integer> answers = answers(1, 100);
        List<Answers<String, Integer>.Question> questions = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            questions.add(answers.ask("k" + i, waiter));
        }
        hand.run();
        calls.get(0).fail();
        questions.forEach(question -> question.release(waiter));
        hand.run();
        // Those that are being asked are let go when they are answered.
        calls.stream().skip(1).toList().forEach(Call::fail);
        assertEquals(0, answers.waiting());
        hand.pass(Duration.ofMinutes(1));
        assertEquals(AT_ONCE + 1, calls.size());
        assertEquals(0, hand.alarms());
        assertEquals(0, wakings.get());
    }

    @Test
    void shouldGoOnAskingWhenOnlyOneOfTwoLetsGo() {
        Answers<String, Integer> answers = answers(1, 100);
        Runnable other = () -> {};
        Answers<String, Integer>.Question question = answers.ask("a", waiter);
        answers.ask("a", other);
        question.release(other);
        hand.run();
        calls.get(0).answer(1);
        assertEquals(1, wakings.get());
    }

    @Test
    void shouldUseNoAnswerThatBeganBeforeItWasToBeForgotten() {
        Answers<String, Integer> answers = answers(1, 100);
        Answers<String, Integer>.Question question = answers.ask("a1", waiter);
        hand.run();
        answers.forget(key -> key.startsWith("a"));
        calls.get(0).answer(1);
        assertEquals(Optional.empty(), question.answer());
        assertEquals(0, answers.weight());
        hand.run();
        calls.get(1).answer(2);
        assertEquals(Optional.of(2), question.answer());
    }

    @Test
    void shouldForgetWhatIsKnownAlsoForThoseWhoHaveSeenIt() {
        Answers<String, Integer> answers = answers(1, 100);
        Answers<String, Integer>.Question forgotten = answers.ask("a1", waiter);
        Answers<String, Integer>.Question kept = answers.ask("b1", waiter);
        hand.run();
        calls.forEach(call -> call.answer(1));
        answers.forget(key -> key.startsWith("a"));
        assertTrue(forgotten.isOver());
        assertFalse(kept.isOver());
        assertEquals(1, answers.weight());
    }
}
