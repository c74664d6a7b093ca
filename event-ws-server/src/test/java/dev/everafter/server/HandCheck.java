package dev.everafter.server;

import dev.everafter.core.Event;
import dev.everafter.server.spi.EventCheck;
import dev.everafter.server.spi.Principal;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A check that answers when the test says so, for each principal and topic; the topic is the object, and {@code free} needs
 * none. Safe for use by any thread.
 */
final class HandCheck implements EventCheck {
    private final Map<String, CompletableFuture<Verdict>> answers = new ConcurrentHashMap<>();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile boolean broken;

    @Override
    public Optional<String> object(Event event) {
        if (broken) {
            throw new IllegalStateException("broken by the test");
        }
        return event.topic().equals("free") ? Optional.empty() : Optional.of(event.topic());
    }

    @Override
    public CompletionStage<Verdict> check(Principal principal, String object) {
        CompletableFuture<Verdict> answer =
                answer(principal.subject() + principal.attributes().keySet(), object);
        asked.incrementAndGet();
        return answer;
    }

    /** The answer about {@code object} for {@code who}, the subject and in brackets the names of its attributes. */
    CompletableFuture<Verdict> answer(String who, String object) {
        return answers.computeIfAbsent(who + " " + object, ignored -> new CompletableFuture<>());
    }

    void say(String subject, String object, Verdict verdict) {
        answer(subject + "[]", object).complete(verdict);
    }

    /** Whoever asks from now on gets another answer. */
    void forgetAnswers() {
        answers.clear();
    }

    void breakDown(boolean down) {
        broken = down;
    }

    /** How often it was asked. */
    int asked() {
        return asked.get();
    }
}
