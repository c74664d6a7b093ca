package dev.everafter.server;

import dev.everafter.server.spi.EventCheck;
import java.time.Duration;
import java.util.Objects;

/**
 * How an endpoint asks, event by event, what its clients may see. A subscription stops before the first event of which it
 * isn't known, and no event is sent by an answer that holds no more.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param check says it
 * @param atOnce how many questions may be asked at a time, of all clients together
 * @param patience how long an answer may take; then the question is asked again
 * @param allowFor how long a yes holds, at least 1 s
 * @param denyFor how long a no holds, at least 1 s
 * @param remembered how many answers are remembered, at least 1,000
 */
public record EventChecking(
        EventCheck check, int atOnce, Duration patience, Duration allowFor, Duration denyFor, int remembered) {
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final int FEWEST = 1_000;

    /** @throws IllegalArgumentException if a value is too small */
    public EventChecking {
        Objects.requireNonNull(check, "check");
        EndpointOptions.atLeast10ms(patience, "patience");
        if (atOnce < 1) {
            throw new IllegalArgumentException("atOnce " + atOnce + " is below 1");
        }
        if (allowFor.compareTo(SHORTEST) < 0 || denyFor.compareTo(SHORTEST) < 0) {
            // It has to live until those who waited for it have looked at it.
            throw new IllegalArgumentException(
                    "allowFor " + allowFor + " and denyFor " + denyFor + " must be at least 1 s");
        }
        if (remembered < FEWEST) {
            throw new IllegalArgumentException("remembered " + remembered + " is below " + FEWEST);
        }
    }

    /** By {@code check}: 64 questions at a time, 10 s for each; a yes holds for 60 s, a no for 10 s; 100,000 of them. */
    public static EventChecking by(EventCheck check) {
        return new EventChecking(
                check, 64, Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(10), 100_000);
    }

    /** The same with other times for which a yes and a no hold, each at least 1 s. */
    public EventChecking withAnswersFor(Duration allowed, Duration denied) {
        return new EventChecking(check, atOnce, patience, allowed, denied, remembered);
    }

    /** The same with another time for an answer, at least 10 ms. */
    public EventChecking withPatience(Duration time) {
        return new EventChecking(check, atOnce, time, allowFor, denyFor, remembered);
    }

    /** The same with other limits of questions at a time and answers remembered. */
    public EventChecking withLimits(int questionsAtOnce, int answers) {
        return new EventChecking(check, questionsAtOnce, patience, allowFor, denyFor, answers);
    }
}
