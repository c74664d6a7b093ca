package dev.everafter.pg;

import dev.everafter.testkit.PostgresFixture;

/** Servers with settings of their own, shared by the tests of this JVM. */
final class Servers {
    private Servers() {}

    /** Where transactions may be prepared. */
    static PostgresFixture twoPhase() {
        return TwoPhase.SERVER;
    }

    private static final class TwoPhase {
        static final PostgresFixture SERVER = PostgresFixture.builder()
                .setting("max_prepared_transactions", "20")
                .build();

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close));
        }
    }
}
