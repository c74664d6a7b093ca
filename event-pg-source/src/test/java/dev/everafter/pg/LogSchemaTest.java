package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.EventLogException;
import dev.everafter.core.RawJson;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogSchemaTest {
    private final Db db = Db.empty(PostgresFixture.shared());
    private final LogSchema schema = LogSchema.of(db.source);

    @Test
    void shouldInstallOnceWhenCalledTwice() throws Exception {
        assertFalse(schema.isInstalled());
        schema.install();
        assertTrue(schema.isInstalled());
        List<String> before = state();
        schema.install();
        assertEquals(before, state());
    }

    @Test
    void shouldInstallOnceWhenEightProgramsTryAtOnce() throws Exception {
        ExecutorService programs = Executors.newFixedThreadPool(8);
        try {
            CountDownLatch go = new CountDownLatch(1);
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                running.add(programs.submit(() -> {
                    go.await();
                    LogSchema.of(db.source).install();
                    return null;
                }));
            }
            go.countDown();
            for (Future<?> program : running) {
                program.get();
            }
        } finally {
            programs.shutdownNow();
        }
        assertTrue(schema.isInstalled());
        assertEquals(1, db.number("SELECT count(*) FROM everafter.epoch"));
        assertEquals(5, db.number("SELECT count(*) FROM everafter.migration"));
    }

    private List<String> state() throws SQLException {
        List<String> state =
                new ArrayList<>(db.texts("SELECT version || script || at FROM everafter.migration ORDER BY 1"));
        state.addAll(db.texts("SELECT name::text FROM everafter.epoch"));
        return state;
    }

    @Test
    void shouldSayTheWaysOutWhenATableHasNoKey() throws Exception {
        schema.install();
        db.execute(
                "CREATE TABLE keyless (a int)",
                "CREATE VIEW seen AS SELECT 1 AS a",
                "CREATE TABLE ok (id int PRIMARY KEY)");
        assertRefused("keyless", "ADD PRIMARY KEY", "{\"index\": \"..\"}", "{\"key\": [\"..\"]}", "everafter.emit");
        assertRefused("seen", "not an ordinary");
        assertRefused("absent", "does not exist");
        assertRefused("everafter.event", "of your own");
    }

    private void assertRefused(String table, String... words) {
        String message = String.valueOf(assertThrows(EventLogException.class, () -> schema.capture(table))
                .getMessage());
        for (String word : words) {
            assertTrue(message.contains(word), message);
        }
    }

    @Test
    void shouldSayHowToInstallWhenTheLogIsNotThere() throws Exception {
        db.execute("CREATE TABLE ok (id int PRIMARY KEY)");
        assertRefused("ok", "LogSchema.install()");
        try (PgEventLog log = db.log().build()) {
            String message = String.valueOf(
                    assertThrows(EventLogException.class, log::range).getMessage());
            assertTrue(message.contains("LogSchema.install()"), message);
        }
    }

    @Test
    void shouldLetOrdinaryRolesChangeNothingInTheLog() throws Exception {
        schema.install();
        String role = "stranger_" + db.number("SELECT oid FROM pg_database WHERE datname = current_database()");
        db.execute("CREATE ROLE " + role, "CREATE TABLE mine (id int PRIMARY KEY)", "GRANT ALL ON mine TO " + role);
        try (Connection connection = db.connect()) {
            Db.execute(connection, "SET ROLE " + role);
            for (String sql : List.of(
                    "SELECT everafter.capture('mine')",
                    "SELECT everafter.emit('a', 'b', '1')",
                    "SELECT everafter.new_epoch(0)",
                    "INSERT INTO everafter.event VALUES (1, 1, 'a', 'b')")) {
                assertEquals(
                        "42501",
                        assertThrows(SQLException.class, () -> Db.execute(connection, sql))
                                .getSQLState(),
                        sql);
            }
            // emit and head are for those who may use the schema; capture is not
            db.execute("GRANT USAGE ON SCHEMA everafter TO " + role);
            LogSchema.emit(connection, "a", "b", RawJson.of("1"), RawJson.of("{\"id\":1}"));
            assertEquals(511, LogSchema.head(connection));
            assertEquals(
                    "42501",
                    assertThrows(SQLException.class, () -> Db.execute(connection, "SELECT everafter.capture('mine')"))
                            .getSQLState());
        }
    }

    @Test
    void shouldEmitInTheCallersTransaction() throws Exception {
        schema.install();
        try (Connection connection = db.connect()) {
            connection.setAutoCommit(false);
            LogSchema.emit(connection, "a", "b", RawJson.of("{}"), null);
            connection.rollback();
            assertEquals(0, LogSchema.head(connection));
            LogSchema.emit(connection, "a", "b", RawJson.of("{}"), null);
            connection.commit();
            assertEquals(511, LogSchema.head(connection));
        }
    }
}
