package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Whatever a transaction is like, its commit rings while somebody is armed, and no other. */
@Timeout(60)
class RingTest {
    private static final String EMIT = "SELECT everafter.emit('t', 'x', '1')";
    /** A ring that doesn't come for that long is taken for none, on however busy a machine. */
    private static final int PATIENCE_MILLIS = 30_000;

    private final Db db = Db.installed(PostgresFixture.shared());
    private Connection writer;
    private Connection ear;

    @BeforeEach
    void open() throws SQLException {
        db.execute("CREATE PROCEDURE twice() LANGUAGE plpgsql AS $$BEGIN PERFORM everafter.emit('t', 'x', '1'); COMMIT;"
                + " PERFORM everafter.emit('t', 'x', '2'); COMMIT; END$$");
        writer = DriverManager.getConnection(db.url + "&preferQueryMode=simple");
        ear = db.connect();
        Db.execute(ear, "LISTEN everafter", "SELECT pg_advisory_lock(" + Keys.CLASS + ", " + Keys.BELL + ")");
    }

    @AfterEach
    void close() throws SQLException {
        writer.close();
        ear.close();
    }

    /** @param millis how long to listen if nothing comes */
    private boolean rings(int millis, String... statements) throws SQLException {
        Db.execute(writer, statements);
        PGConnection heard = ear.unwrap(PGConnection.class);
        PGNotification[] notifications = heard.getNotifications(millis);
        boolean rang = notifications != null && notifications.length > 0;
        while (notifications != null && notifications.length > 0) {
            notifications = heard.getNotifications(1);
        }
        return rang;
    }

    @Test
    void shouldRingWhateverTheTransactionIsLike() throws Exception {
        List<String> silent = new ArrayList<>();
        for (List<String> one : List.of(
                List.of(EMIT),
                List.of("BEGIN; " + EMIT + "; COMMIT"),
                List.of("BEGIN", EMIT, EMIT, "COMMIT"),
                List.of("BEGIN ISOLATION LEVEL REPEATABLE READ", EMIT, "COMMIT"),
                List.of("BEGIN ISOLATION LEVEL SERIALIZABLE", EMIT, "COMMIT"),
                List.of("BEGIN", "SET CONSTRAINTS ALL IMMEDIATE", EMIT, "COMMIT"),
                List.of("BEGIN", "SAVEPOINT a", EMIT, "SET CONSTRAINTS ALL IMMEDIATE", "ROLLBACK TO a", EMIT, "COMMIT"),
                List.of("CALL twice()"))) {
            if (!rings(PATIENCE_MILLIS, one.toArray(String[]::new))) {
                silent.add(String.join("; ", one));
            }
        }
        assertEquals(List.of(), silent);
    }

    @Test
    void shouldNotRingForWhatIsRolledBack() throws Exception {
        assertEquals(false, rings(1_000, "BEGIN", EMIT, "ROLLBACK"));
        assertEquals(false, rings(1_000, "BEGIN", "SET CONSTRAINTS ALL IMMEDIATE", EMIT, "ROLLBACK"));
    }

    /** The bell is tested for a moment only: a transaction that stays open afterwards keeps nobody from arming. */
    @Test
    void shouldLeaveTheBellFreeWhileTransactionsStayOpen() throws Exception {
        Db.execute(ear, "SELECT pg_advisory_unlock(" + Keys.CLASS + ", " + Keys.BELL + ")");
        Db.execute(writer, "BEGIN", "SET CONSTRAINTS ALL IMMEDIATE", EMIT);
        assertEquals(1, db.number("SELECT pg_try_advisory_lock(" + Keys.CLASS + ", " + Keys.BELL + ")::int"));
        Db.execute(writer, "ROLLBACK");
    }
}
