package dev.everafter.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;

/**
 * One writer: random transactions on captured tables of all the kinds there are, and a {@link Ledger} of what they
 * committed. Short and long, of one row and of more than a thousand, with rollbacks, savepoints, exceptions that a block
 * catches, constraints made immediate in the middle, SERIALIZABLE with retries, updates that move a row from one filter's
 * view into another's, and deletes. A session that dies, by {@link #killOne} or with the server, is replaced.
 *
 * <p>For one thread; it ends when it is told so.
 */
public final class TransactionMix implements Callable<Ledger> {
    /** Makes the tables; to be run where the log is installed. */
    public static final List<String> SCHEMA = List.of(
            "CREATE TABLE s (tok text PRIMARY KEY, tx text, q bigint, bucket int)",
            "CREATE TABLE r (tok text PRIMARY KEY, tx text, q bigint, bucket int)",
            "CREATE TABLE acct (id int PRIMARY KEY, ver bigint)",
            "SELECT everafter.capture('s'), everafter.capture('acct'), everafter.capture('r', '{\"form\":\"row\"}')",
            "INSERT INTO acct SELECT g, 0 FROM generate_series(1, 20) g");

    private static final String APPLICATION = "transaction mix";
    private static final int KINDS = 15;
    private static final int TRIES = 10;

    private final DataSource source;
    private final Random random;
    private final BooleanSupplier goOn;
    private final boolean twoPhase;
    private final int pauseMillis;
    private final Ledger ledger;
    private int transactions;
    private int rows;
    private BitSet mine = new BitSet();
    private boolean synchronous;
    private boolean committing;

    /**
     * @param number tells the writers apart
     * @param twoPhase whether to prepare transactions too
     * @param pauseMillis the most to wait between two transactions
     */
    public TransactionMix(
            DataSource source, int number, Random random, BooleanSupplier goOn, boolean twoPhase, int pauseMillis) {
        this.source = source;
        this.random = random;
        this.goOn = goOn;
        this.twoPhase = twoPhase;
        this.pauseMillis = pauseMillis;
        this.ledger = new Ledger(number);
    }

    /** Ends the session of one writer that is in the middle of a transaction, if there is one. */
    public static void killOne(DataSource source) throws SQLException {
        try (Connection connection = source.getConnection()) {
            execute(
                    connection,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                            + " AND application_name = '" + APPLICATION
                            + "' AND xact_start IS NOT NULL ORDER BY random() LIMIT 1");
        }
    }

    @Override
    public Ledger call() {
        while (goOn.getAsBoolean()) {
            committing = false;
            try (Connection connection = source.getConnection()) {
                connection.setClientInfo("ApplicationName", APPLICATION);
                while (goOn.getAsBoolean()) {
                    transaction(connection);
                    pause(pauseMillis);
                }
            } catch (SQLException e) {
                // killed, or there is no server: another session
                if (committing) {
                    ledger.uncertain(mine);
                }
                pause(50);
            }
        }
        return ledger;
    }

    private void transaction(Connection connection) throws SQLException {
        begin(connection);
        connection.setAutoCommit(true);
        try {
            if (random.nextInt(5) < 3) {
                committing = true;
                insert(connection, 1);
            } else {
                longer(connection);
            }
            ledger.committed(mine, synchronous);
        } catch (SQLException e) {
            if (connection.isClosed()) {
                throw e;
            }
            if (committing && !isRolledBack(e)) {
                ledger.uncertain(mine);
            }
            connection.rollback();
        }
        committing = false;
    }

    private void begin(Connection connection) throws SQLException {
        mine = new BitSet();
        synchronous = true;
        committing = false;
        transactions++;
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    }

    /** A serialization failure or a deadlock. */
    private static boolean isRolledBack(SQLException e) {
        return String.valueOf(e.getSQLState()).startsWith("40");
    }

    private void longer(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        switch (random.nextInt(twoPhase ? KINDS + 2 : KINDS)) {
            case 0 -> insert(connection, random.nextInt(2, 30));
            case 1 -> {
                insert(connection, 1);
                pause(300);
                insert(connection, 1);
            }
            case 2 -> {
                insert(connection, random.nextInt(1, 300));
                if (random.nextBoolean()) {
                    execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                }
                connection.rollback();
                mine.clear();
            }
            case 3 -> {
                insert(connection, random.nextInt(2));
                rolledBackToSavepoint(connection, random.nextInt(1, 20));
                insert(connection, random.nextInt(1, 3));
            }
            case 4 -> immediateInSavepoint(connection);
            case 5 -> {
                execute(
                        connection,
                        "DO $$BEGIN BEGIN INSERT INTO s VALUES ('0-0', 'b', 1, 0); SET CONSTRAINTS ALL IMMEDIATE;"
                                + " RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END$$");
                insert(connection, 1);
            }
            case 6 -> serializable(connection);
            case 7 -> {
                execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                insert(connection, 1);
                pause(100);
                insert(connection, 3);
                execute(connection, "SET CONSTRAINTS ALL DEFERRED");
                insert(connection, random.nextInt(300));
            }
            case 8 -> {
                emit(connection);
                rolledBackToSavepoint(connection, 1);
                emit(connection);
            }
            case 9 -> execute(connection, "UPDATE acct SET ver = ver + 1 WHERE id = " + random.nextInt(1, 21));
            case 10 -> {
                execute(connection, "SET LOCAL synchronous_commit = off");
                synchronous = false;
                insert(connection, 1);
            }
            case 11 -> {
                int size = random.nextInt(4) == 0 ? 700 : 270;
                insert(connection, random.nextInt(200, size));
                rolledBackToSavepoint(connection, 300);
                insert(connection, random.nextInt(1, size));
            }
            case 12 -> insert(connection, random.nextInt(3) == 0 ? random.nextInt(1_001, 1_500) : 2);
            case 13 -> changeMine(connection, "UPDATE %s SET bucket = (bucket + 1) %% 10 WHERE tok IN (%s)");
            case 14 -> changeMine(connection, "DELETE FROM %s WHERE tok IN (%s)");
            default -> {
                if (random.nextBoolean()) {
                    execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                }
                insert(connection, random.nextInt(4) == 0 ? 300 : 2);
                prepare(connection);
                return;
            }
        }
        committing = true;
        connection.commit();
    }

    private void immediateInSavepoint(Connection connection) throws SQLException {
        insert(connection, random.nextInt(1, 3));
        execute(connection, "SAVEPOINT a");
        BitSet kept = (BitSet) mine.clone();
        insert(connection, 1);
        execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
        insert(connection, random.nextInt(3));
        pause(30);
        execute(connection, "ROLLBACK TO a");
        mine = kept;
        insert(connection, 2);
    }

    /** Leaves the last try to be committed. */
    private void serializable(Connection connection) throws SQLException {
        for (int tries = 1; ; tries++) {
            try {
                execute(connection, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT sum(ver) FROM acct");
                pause(20);
                execute(connection, "UPDATE acct SET ver = ver + 1 WHERE id = " + random.nextInt(1, 21));
                insert(connection, 1);
                committing = true;
                connection.commit();
                ledger.committed(mine, true);
                begin(connection);
                return;
            } catch (SQLException e) {
                if (connection.isClosed() || !isRolledBack(e) || tries == TRIES) {
                    throw e;
                }
                connection.rollback();
                begin(connection);
            }
        }
    }

    private void prepare(Connection connection) throws SQLException {
        String gid = "'" + ledger.writer() + "-" + transactions + "'";
        committing = true;
        execute(connection, "PREPARE TRANSACTION " + gid);
        connection.setAutoCommit(true);
        pause(50);
        boolean keep = random.nextInt(3) > 0;
        // whatever happens to this session, the transaction must not stay
        try (Connection other = source.getConnection()) {
            execute(other, (keep ? "COMMIT" : "ROLLBACK") + " PREPARED " + gid);
        }
        if (!keep) {
            mine.clear();
        }
    }

    private void rolledBackToSavepoint(Connection connection, int count) throws SQLException {
        BitSet kept = (BitSet) mine.clone();
        execute(connection, "SAVEPOINT a");
        insert(connection, count);
        execute(connection, "ROLLBACK TO a");
        mine = kept;
    }

    /** One by one or in one statement; a table with row triggers or with statement triggers. */
    private void insert(Connection connection, int count) throws SQLException {
        int each = random.nextBoolean() && count < 40 ? 1 : Math.max(1, count);
        for (int done = 0; done < count; done += each) {
            String table = count < 400 && random.nextBoolean() ? "r" : "s";
            int first = rows + 1;
            rows += each;
            mine.set(first, rows + 1);
            execute(
                    connection,
                    "INSERT INTO " + table + " SELECT '" + ledger.writer() + "-' || g, '" + name()
                            + "', g, g % 10 FROM generate_series(" + first + ", " + rows + ") g");
        }
    }

    private String name() {
        return ledger.writer() + "." + transactions;
    }

    private void emit(Connection connection) throws SQLException {
        rows++;
        mine.set(rows);
        execute(
                connection,
                "SELECT everafter.emit('e', 'x', jsonb_build_object('tok', '" + ledger.token(rows) + "', 'tx', '"
                        + name() + "', 'q', " + rows + "))");
    }

    /** Some of this writer's rows, where they are still there: no two writers wait for each other. */
    private void changeMine(Connection connection, String statement) throws SQLException {
        StringBuilder tokens = new StringBuilder("''");
        for (int i = 0; i < 20; i++) {
            tokens.append(", '").append(ledger.token(random.nextInt(rows + 1))).append('\'');
        }
        execute(connection, String.format(statement, random.nextBoolean() ? "r" : "s", tokens));
    }

    private void pause(int millis) {
        if (millis > 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(millis)));
        }
    }

    private static void execute(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }
}
