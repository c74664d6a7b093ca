package dev.everafter.pg;

import dev.everafter.core.Event;
import dev.everafter.core.ReadLimits;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Steps that a session can leave out, to see the tests fail: {@code -Dtest.jvmArgs=-Dsabotage=no_proof}, or one of the
 * other names in lower case.
 */
enum Sabotage {
    NOTHING,
    /** Believes that no transaction can fill a hole. */
    NO_PROOF,
    /** Passes on the commits that it read before the proof. */
    NO_SECOND_SNAPSHOT,
    /** Delivers what is perhaps not on disk. */
    NO_FENCE,
    /** Sleeps without asking who tested the bell before it was armed. */
    NO_LIST_AFTER_ARMING;

    static Sabotage chosen() {
        return valueOf(System.getProperty("sabotage", "nothing").toUpperCase(Locale.ROOT));
    }

    /** Leaves out the chosen step; calls back before it arms, and before the holders are listed. */
    static class Session extends TailSession {
        private final Sabotage sabotage;
        private final Hook beforeArming;
        private final Hook beforeHolders;
        private long cursor = -1;
        private List<Commit> seen = List.of();

        interface Hook {
            void run() throws SQLException;
        }

        Session(Connection connection, Sabotage sabotage, Hook beforeArming, Hook beforeHolders) throws SQLException {
            super(connection);
            this.sabotage = sabotage;
            this.beforeArming = beforeArming;
            this.beforeHolders = beforeHolders;
        }

        @Override
        Set<String> holders() throws SQLException {
            beforeHolders.run();
            return sabotage == NO_PROOF ? Set.of() : super.holders();
        }

        @Override
        Set<String> arm() throws SQLException {
            beforeArming.run();
            Set<String> holders = super.arm();
            return sabotage == NO_LIST_AFTER_ARMING ? Set.of() : holders;
        }

        @Override
        List<Commit> commitsAfter(long after) throws SQLException {
            if (sabotage != NO_SECOND_SNAPSHOT || after != cursor || seen.isEmpty()) {
                seen = super.commitsAfter(after);
                cursor = after;
            }
            return seen;
        }

        @Override
        EventPage events(long after, long upTo, ReadLimits limits) throws SQLException {
            EventPage page = super.events(after, upTo, limits);
            if (sabotage != NO_SECOND_SNAPSHOT) {
                return page;
            }
            Set<Long> listed = seen.stream().map(Commit::id).collect(Collectors.toSet());
            List<Event> events = page.events().stream()
                    .filter(event -> listed.contains(event.id() >> 8))
                    .toList();
            return new EventPage(
                    page.epoch(), page.oldest(), page.standby(), page.serverStarted(), events, page.scannedTo());
        }

        @Override
        boolean fence() throws SQLException {
            return sabotage != NO_FENCE && super.fence();
        }
    }
}
