package dev.everafter.testkit;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/** How long a test waits for what must come: long enough for a machine that is busy with other things. */
public final class Patience {
    /** Longer than any machine needs that isn't broken. */
    public static final Duration LIMIT = Duration.ofSeconds(30);

    private Patience() {}

    /** Awaitility, with {@link #LIMIT}. */
    public static ConditionFactory await() {
        return Awaitility.await().atMost(LIMIT);
    }
}
