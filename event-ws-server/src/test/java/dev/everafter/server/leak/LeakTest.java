package dev.everafter.server.leak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.leak.LeakRun.Sabotage;
import dev.everafter.testkit.Seed;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Nobody is shown what is not theirs to see, whatever they do and on whatever path it could come; and everybody is shown
 * what is. Principals with random rights subscribe, fall behind, resume, guess at what is hidden and show other tokens,
 * while rows go from hand to hand and rights are revoked. Each message is held against what was written.
 */
class LeakTest {
    private static final int MOST_ROUNDS = 1_000;

    @Test
    void shouldShowNobodyWhatIsNotTheirs() {
        showNobodyWhatIsNotTheirs(30_000);
    }

    @Test
    @Tag("stress")
    void shouldShowNobodyWhatIsNotTheirsInAMillionDeliveries() {
        showNobodyWhatIsNotTheirs(1_000_000);
    }

    private static void showNobodyWhatIsNotTheirs(int deliveries) {
        try (LeakRun run = new LeakRun(Seed.random("LeakTest"), Sabotage.NONE)) {
            Findings found = run.findings();
            for (int round = 0; round < MOST_ROUNDS && found.clean() && isShort(found, deliveries); round++) {
                run.round();
            }
            System.out.println("LeakTest: " + found);
            assertTrue(found.clean(), found.toString());
            assertEquals(List.of(), found.missing(), "paths that nothing took");
            assertTrue(found.deliveries() >= deliveries, found.toString());
        }
    }

    private static boolean isShort(Findings found, int deliveries) {
        return found.deliveries() < deliveries || !found.missing().isEmpty();
    }

    /** Otherwise this test would show nothing. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void shouldNoticeWhenAPolicyIsSabotaged(Sabotage sabotage) {
        Random random = Seed.random("LeakTest " + sabotage);
        try (LeakRun run = new LeakRun(random, sabotage)) {
            Findings found = run.findings();
            for (int round = 0; round < MOST_ROUNDS && found.foreignCount() == 0; round++) {
                run.round();
            }
            System.out.println("LeakTest " + sabotage + ": " + found.foreignCount() + " foreign events");
            assertTrue(found.foreignCount() > 0, found.toString());
        }
    }
}
