package dev.everafter.pg;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;

/** Servers with settings of their own, shared by the tests of this JVM. */
final class Servers {
    private Servers() {}

    /** Where transactions may be prepared; skips the test on versions on which such a log is not followed. */
    static PostgresFixture twoPhase() {
        assumeTrue(TwoPhase.FOLLOWED, "transactions can be prepared from PostgreSQL 15 on");
        return TwoPhase.SERVER;
    }

    /** Where transactions may be prepared, if such a log is followed on this version. */
    static PostgresFixture twoPhaseIfFollowed() {
        return TwoPhase.FOLLOWED ? TwoPhase.SERVER : PostgresFixture.shared();
    }

    /** Whether a log is followed where transactions may be prepared. */
    static boolean followsPrepared() {
        return TwoPhase.FOLLOWED;
    }

    static int majorVersion(PostgresFixture server) {
        try (Connection connection = server.dataSource(server.jdbcUrl()).getConnection()) {
            return connection.getMetaData().getDatabaseMajorVersion();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final class TwoPhase {
        static final boolean FOLLOWED = majorVersion(PostgresFixture.shared()) >= 15;

        static final PostgresFixture SERVER = PostgresFixture.builder()
                .setting("max_prepared_transactions", "20")
                .build();

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close));
        }
    }
}
