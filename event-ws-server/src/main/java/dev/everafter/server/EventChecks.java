package dev.everafter.server;

import dev.everafter.core.Event;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.EventCheck;
import dev.everafter.server.spi.EventCheck.Verdict;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Which events each principal may see. An answer is sure and fresh or there is none yet; each object is asked about by one
 * call at a time for each principal. Principals are the same here if subject and attributes are, whenever they expire.
 *
 * <p>Safe for use by any thread.
 */
final class EventChecks {
    private final EventCheck check;
    private final LongAdder asked = new LongAdder();
    private final Answers<Key, Boolean> answers;

    /**
     * A principal as answers are remembered for it. Whoever asks often makes it once.
     *
     * @param attributes those of the principal, in one text
     */
    record Asker(Principal principal, String attributes) {
        static Asker of(Principal principal) {
            StringBuilder text = new StringBuilder();
            for (Map.Entry<String, JsonValue> attribute : new TreeMap<>(principal.attributes()).entrySet()) {
                // The length keeps names from being taken for parts of values.
                text.append(attribute.getKey().length()).append(':').append(attribute.getKey());
                text.append('=').append(attribute.getValue()).append(';');
            }
            return new Asker(principal, text.toString());
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Asker that
                    && principal.subject().equals(that.principal.subject())
                    && attributes.equals(that.attributes);
        }

        @Override
        public int hashCode() {
            return 31 * principal.subject().hashCode() + attributes.hashCode();
        }
    }

    /**
     * @param object what decides
     * @param unnamed the event, where its object could not be told yet
     */
    private record Key(Asker asker, Optional<String> object, Optional<Event> unnamed) {}

    /** @param failed told why a question had no answer, each time */
    EventChecks(EventChecking rules, Answers.Means means, Consumer<Throwable> failed) {
        this.check = rules.check();
        this.answers = new Answers<>(
                new Asking(),
                new Answers.Rules<>(
                        rules.atOnce(),
                        1,
                        rules.patience(),
                        allowed -> allowed ? rules.allowFor() : rules.denyFor(),
                        (key, allowed) -> 1,
                        rules.remembered()),
                means,
                failed);
    }

    /** Whether {@code asker} may see {@code event}; {@code waiter} is run when that is known, unless it is already. */
    Answers<Key, Boolean>.Question ask(Asker asker, Event event, Runnable waiter) {
        return answers.ask(key(asker, event), waiter);
    }

    private Key key(Asker asker, Event event) {
        try {
            Optional<String> object = check.object(event);
            return new Key(asker, object, Optional.empty());
        } catch (RuntimeException | Error e) {
            // Asked again where failures are waited out.
            return new Key(asker, Optional.empty(), Optional.of(event));
        }
    }

    private final class Asking implements Answers.Source<Key, Boolean> {
        @Override
        public Optional<Boolean> immediately(Key key) {
            return key.unnamed().isEmpty() && key.object().isEmpty() ? Optional.of(true) : Optional.empty();
        }

        @Override
        public CompletionStage<List<Boolean>> ask(List<Key> keys) {
            Key key = keys.get(0);
            Optional<String> object =
                    key.unnamed().isPresent() ? check.object(key.unnamed().get()) : key.object();
            if (object.isEmpty()) {
                return CompletableFuture.completedFuture(List.of(true));
            }
            asked.increment();
            return check.check(key.asker().principal(), object.get()).thenApply(EventChecks::certain);
        }
    }

    private static List<Boolean> certain(Verdict verdict) {
        return switch (verdict) {
            case ALLOWED -> List.of(true);
            case DENIED -> List.of(false);
            case UNAVAILABLE -> throw new IllegalStateException("the check said that it is unavailable");
        };
    }

    /** No answer that is known for whom {@code revocation} concerns, or on its way, is used any more. */
    void forget(Revocation revocation) {
        answers.forget(key -> revocation.concerns(key.asker().principal().subject()));
    }

    /** How many questions were asked. */
    long asked() {
        return asked.sum();
    }

    /** How many answers are remembered. */
    long remembered() {
        return answers.weight();
    }

    /** How many questions wait for an answer. */
    int waiting() {
        return answers.waiting();
    }
}
