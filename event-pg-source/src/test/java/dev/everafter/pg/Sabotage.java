package dev.everafter.pg;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Set;

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

    /** Leaves out the chosen step; calls back before the holders are listed. */
    static class Session extends TailSession {
        private final Sabotage sabotage;
        private final Hook beforeHolders;
        private long cursor = -1;
        private List<Commit> seen = List.of();

        interface Hook {
            void run() throws SQLException;
        }

        Session(Connection connection, Sabotage sabotage, Hook beforeHolders) throws SQLException {
            super(connection);
            this.sabotage = sabotage;
            this.beforeHolders = beforeHolders;
        }

        @Override
        Set<String> holders() throws SQLException {
            beforeHolders.run();
            return sabotage == NO_PROOF ? Set.of() : super.holders();
        }

        @Override
        Set<String> arm() throws SQLException {
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
        boolean fence() throws SQLException {
            return sabotage != NO_FENCE && super.fence();
        }
    }
}
