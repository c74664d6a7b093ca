package dev.everafter.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.ToLongBiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Answers of somebody who takes time and may fail. Each question is asked by one call at a time, however many wait for
 * it; a call that fails, or takes longer than it may, is made again, after a pause that doubles, for as long as anybody
 * waits. So there is an answer or none yet, and never a guess. What was answered is remembered within limits of time and
 * weight.
 *
 * <p>What it holds is bounded: by {@link Rules#capacity()} for what is known, and for what isn't by those who wait.
 *
 * <p>Safe for use by any thread. Waiters are run by any thread, and must be quick.
 */
final class Answers<K, V> {
    private static final long FIRST_PAUSE = Duration.ofMillis(100).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofSeconds(30).toNanos();
    private static final int MOST_DOUBLINGS = 10;

    /** Who answers. */
    interface Source<K, V> {
        /** What can be said without asking anybody; empty where that isn't enough. */
        default Optional<V> immediately(K key) {
            return Optional.empty();
        }

        /** The answers to {@code keys}, in their order. */
        CompletionStage<List<V>> ask(List<K> keys);
    }

    /**
     * The limits.
     *
     * @param atOnce the most calls at a time
     * @param batch the most questions in one call; one that has failed is asked by itself, so that it fails no others
     * @param patience how long a call may take
     * @param keep how long an answer holds
     * @param weight what remembering an answer costs
     * @param capacity the most weight of all that is remembered
     */
    record Rules<K, V>(
            int atOnce,
            int batch,
            Duration patience,
            Function<V, Duration> keep,
            ToLongBiFunction<K, V> weight,
            long capacity) {}

    /**
     * What it runs on.
     *
     * @param executor makes the calls
     * @param after runs a task after a delay, and gives what takes it back
     * @param ticker the time in nanoseconds
     * @param random 0 to 1, for pauses that don't all end at once
     */
    record Means(
            Executor executor,
            BiFunction<Duration, Runnable, Runnable> after,
            LongSupplier ticker,
            DoubleSupplier random) {}

    private final Source<K, V> source;
    private final Rules<K, V> rules;
    private final Means means;
    private final Consumer<Throwable> failed;

    private final Object lock = new Object();
    /** Those without an answer. */
    private final Map<K, Question> open = new HashMap<>();
    /** Those of them that the next call may ask, in order. */
    private final Set<Question> due = new LinkedHashSet<>();
    /** Those with an answer, the one that was used last at the end. */
    private final LinkedHashMap<K, Question> known = new LinkedHashMap<>(16, 0.75f, true);

    private long weight;
    private int running;

    /** @param failed told why a call failed, each time */
    Answers(Source<K, V> source, Rules<K, V> rules, Means means, Consumer<Throwable> failed) {
        this.source = source;
        this.rules = rules;
        this.means = means;
        this.failed = failed;
    }

    /** A question, for those who ask it. */
    final class Question {
        private final K key;
        private final Set<Runnable> waiters = new LinkedHashSet<>();
        private volatile Optional<V> answer = Optional.empty();
        private volatile boolean forgotten;
        private long until;
        private long weight;
        private boolean asking;
        private int failures;
        private Runnable cancelRetry = () -> {};

        private Question(K key) {
            this.key = key;
        }

        /** The answer, if there is one and it still holds. */
        Optional<V> answer() {
            return answer.isPresent() && holds() ? answer : Optional.empty();
        }

        /** Whether it was answered, and that holds no more: it has to be asked anew. */
        boolean isOver() {
            return answer.isPresent() && !holds();
        }

        private boolean holds() {
            return !forgotten && means.ticker().getAsLong() - until < 0;
        }

        /** {@code waiter} doesn't wait any more. */
        void release(Runnable waiter) {
            synchronized (lock) {
                waiters.remove(waiter);
                if (waiters.isEmpty() && !asking && answer.isEmpty()) {
                    giveUp(this);
                }
            }
        }
    }

    private final class Call {
        private final List<Question> questions;
        private boolean settled;
        private boolean returned;
        private volatile Runnable cancelPatience = () -> {};

        private Call(List<Question> questions) {
            this.questions = questions;
        }
    }

    /** Asks {@code key}; {@code waiter} is run once there is an answer, unless there is one already. */
    Question ask(K key, Runnable waiter) {
        return ask(List.of(key), waiter).get(0);
    }

    /** Asks all of {@code keys}, in as few calls as may be. */
    List<Question> ask(List<K> keys, Runnable waiter) {
        List<Question> asked = new ArrayList<>(keys.size());
        List<Question> fresh = new ArrayList<>();
        synchronized (lock) {
            for (K key : keys) {
                asked.add(find(key, waiter, fresh));
            }
        }
        fresh.forEach(question -> begin(question, waiter));
        callNext();
        return asked;
    }

    /** How much is remembered. */
    long weight() {
        synchronized (lock) {
            return weight;
        }
    }

    /** How many questions have no answer yet. */
    int waiting() {
        synchronized (lock) {
            return open.size();
        }
    }

    /** No answer that is known, or on its way, to a question of these holds any more. */
    void forget(Predicate<K> these) {
        synchronized (lock) {
            for (Iterator<Question> all = known.values().iterator(); all.hasNext(); ) {
                Question question = all.next();
                if (these.test(question.key)) {
                    all.remove();
                    weight -= question.weight;
                    question.forgotten = true;
                }
            }
            open.values().stream()
                    .filter(question -> question.asking && these.test(question.key))
                    .forEach(question -> question.forgotten = true);
        }
    }

    private Question find(K key, Runnable waiter, List<Question> fresh) {
        Question found = known.get(key);
        if (found != null && found.holds()) {
            return found;
        }
        if (found != null) {
            known.remove(key);
            weight -= found.weight;
        }
        Question asked = open.get(key);
        if (asked == null) {
            asked = new Question(key);
            asked.asking = true;
            open.put(key, asked);
            fresh.add(asked);
        } else {
            asked.waiters.add(waiter);
        }
        return asked;
    }

    private void begin(Question question, Runnable waiter) {
        Optional<V> now;
        try {
            now = source.immediately(question.key);
        } catch (RuntimeException | Error e) {
            // A call will fail as well, and is made again.
            now = Optional.empty();
        }
        List<Runnable> woken = new ArrayList<>();
        synchronized (lock) {
            question.asking = false;
            if (now.isPresent() && !question.forgotten) {
                remember(question, now.get(), woken);
            } else {
                question.forgotten = false;
                question.waiters.add(waiter);
                due.add(question);
            }
        }
        woken.forEach(Runnable::run);
    }

    private void callNext() {
        for (Optional<Call> next = next(); next.isPresent(); next = next()) {
            Call call = next.get();
            try {
                means.executor().execute(() -> make(call));
            } catch (RejectedExecutionException e) {
                // Closed: nobody is told anything any more.
                return;
            }
        }
    }

    private Optional<Call> next() {
        synchronized (lock) {
            if (running == rules.atOnce() || due.isEmpty()) {
                return Optional.empty();
            }
            List<Question> questions = new ArrayList<>();
            for (Iterator<Question> all = due.iterator(); all.hasNext() && questions.size() < rules.batch(); ) {
                Question question = all.next();
                if (question.failures > 0 && !questions.isEmpty()) {
                    break;
                }
                all.remove();
                question.asking = true;
                questions.add(question);
                if (question.failures > 0) {
                    break;
                }
            }
            running++;
            return Optional.of(new Call(questions));
        }
    }

    private void make(Call call) {
        call.cancelPatience = means.after()
                .apply(
                        rules.patience(),
                        () -> settle(call, null, new TimeoutException("no answer within " + rules.patience())));
        try {
            source.ask(call.questions.stream().map(question -> question.key).toList())
                    .whenComplete((answers, error) -> settle(call, answers, error));
        } catch (RuntimeException | Error e) {
            settle(call, null, e);
        }
        synchronized (lock) {
            call.returned = true;
            running -= call.settled ? 1 : 0;
        }
        callNext();
    }

    /** Once for each call; what comes later is for nobody. */
    private void settle(Call call, @Nullable List<V> answers, @Nullable Throwable error) {
        boolean answered = error == null
                && answers != null
                && answers.size() == call.questions.size()
                && answers.stream().allMatch(Objects::nonNull);
        List<Runnable> woken = new ArrayList<>();
        synchronized (lock) {
            if (call.settled) {
                return;
            }
            call.settled = true;
            // A call that still blocks its thread counts: so there are never more of those than may be.
            running -= call.returned ? 1 : 0;
            for (int i = 0; i < call.questions.size(); i++) {
                Question question = call.questions.get(i);
                question.asking = false;
                if (question.forgotten) {
                    // Answered by what held before.
                    question.forgotten = false;
                    again(question);
                } else if (answered) {
                    remember(question, Objects.requireNonNull(answers).get(i), woken);
                } else {
                    question.failures++;
                    pause(question);
                }
            }
        }
        call.cancelPatience.run();
        if (!answered) {
            failed.accept(error == null ? new IllegalStateException("not one answer for each question") : error);
        }
        woken.forEach(Runnable::run);
        callNext();
    }

    private void remember(Question question, V value, List<Runnable> woken) {
        open.remove(question.key);
        question.until = means.ticker().getAsLong() + rules.keep().apply(value).toNanos();
        question.answer = Optional.of(value);
        question.weight = rules.weight().applyAsLong(question.key, value);
        woken.addAll(question.waiters);
        question.waiters.clear();
        known.put(question.key, question);
        weight += question.weight;
        for (Iterator<Question> oldest = known.values().iterator(); weight > rules.capacity(); ) {
            weight -= oldest.next().weight;
            oldest.remove();
        }
    }

    private void pause(Question question) {
        if (question.waiters.isEmpty()) {
            giveUp(question);
            return;
        }
        long longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(question.failures - 1, MOST_DOUBLINGS));
        // Half of it is left to chance.
        long pause = (long) (longest * (0.5 + means.random().getAsDouble() / 2));
        question.cancelRetry = means.after().apply(Duration.ofNanos(pause), () -> {
            synchronized (lock) {
                again(question);
            }
            callNext();
        });
    }

    private void again(Question question) {
        if (question.waiters.isEmpty()) {
            giveUp(question);
        } else if (open.get(question.key) == question) {
            due.add(question);
        }
    }

    /** Nobody waits for it. */
    private void giveUp(Question question) {
        question.cancelRetry.run();
        due.remove(question);
        open.remove(question.key, question);
    }
}
