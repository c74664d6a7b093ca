package dev.everafter.pg;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** One writer: random transactions, and the memory of what they committed. For one thread. */
final class StressWriter implements Callable<StressWriter> {
    /** Rows that are committed for certain. */
    final List<String> committed = new ArrayList<>();
    /** Rows whose session died while it committed. */
    final List<String> uncertain = new ArrayList<>();

    private final Db db;
    private final int number;
    private final Random random;
    private final long stop;
    private final boolean twoPhase;
    private int transactions;
    private int rows;
    private List<String> mine = new ArrayList<>();
    private boolean committing;

    StressWriter(Db db, int number, Random random, long stop, boolean twoPhase) {
        this.db = db;
        this.number = number;
        this.random = random;
        this.stop = stop;
        this.twoPhase = twoPhase;
    }

    @Override
    public StressWriter call() throws Exception {
        while (System.nanoTime() < stop) {
            try (Connection connection = db.connect()) {
                connection.setClientInfo("ApplicationName", "stress");
                while (System.nanoTime() < stop) {
                    transaction(connection);
                }
            } catch (SQLException e) {
                // killed: another session
                if (committing) {
                    uncertain.addAll(mine);
                }
            }
        }
        return this;
    }

    private void transaction(Connection connection) throws SQLException {
        mine = new ArrayList<>();
        committing = false;
        transactions++;
        connection.setAutoCommit(true);
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        try {
            if (random.nextInt(5) < 3) {
                committing = true;
                insert(connection, 1);
            } else {
                longer(connection);
            }
            committed.addAll(mine);
        } catch (SQLException e) {
            if (connection.isClosed()) {
                throw e;
            }
            if (committing && !"40001".equals(e.getSQLState())) {
                uncertain.addAll(mine);
            }
            connection.rollback();
        }
    }

    private void longer(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        switch (random.nextInt(twoPhase ? 14 : 12)) {
            case 0 -> insert(connection, random.nextInt(2, 30));
            case 1 -> {
                insert(connection, 1);
                pause(300);
                insert(connection, 1);
            }
            case 2 -> {
                insert(connection, random.nextInt(1, 300));
                if (random.nextBoolean()) {
                    Db.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                }
                connection.rollback();
                mine.clear();
            }
            case 3 -> {
                insert(connection, random.nextInt(2));
                rolledBackToSavepoint(connection, random.nextInt(1, 20));
                insert(connection, random.nextInt(1, 3));
            }
            case 4 -> {
                insert(connection, random.nextInt(1, 3));
                Db.execute(connection, "SAVEPOINT a");
                List<String> kept = new ArrayList<>(mine);
                insert(connection, 1);
                Db.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                insert(connection, random.nextInt(3));
                pause(30);
                Db.execute(connection, "ROLLBACK TO a");
                mine = kept;
                insert(connection, 2);
            }
            case 5 -> {
                Db.execute(
                        connection,
                        "DO $$BEGIN BEGIN INSERT INTO s VALUES ('BAD', 'b', 1); SET CONSTRAINTS ALL IMMEDIATE;"
                                + " RAISE EXCEPTION 'x'; EXCEPTION WHEN OTHERS THEN NULL; END; END$$");
                insert(connection, 1);
            }
            case 6 -> {
                Db.execute(connection, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SELECT sum(ver) FROM acct");
                pause(20);
                insert(connection, 1);
            }
            case 7 -> {
                Db.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                insert(connection, 1);
                pause(100);
                insert(connection, 3);
                Db.execute(connection, "SET CONSTRAINTS ALL DEFERRED");
                insert(connection, random.nextInt(300));
            }
            case 8 -> {
                emit(connection);
                rolledBackToSavepoint(connection, 1);
                emit(connection);
            }
            case 9 -> Db.execute(connection, "UPDATE acct SET ver = ver + 1 WHERE id = " + random.nextInt(1, 21));
            case 10 -> {
                Db.execute(connection, "SET LOCAL synchronous_commit = off");
                insert(connection, 1);
            }
            case 11 -> {
                int size = random.nextInt(4) == 0 ? 700 : 270;
                insert(connection, random.nextInt(200, size));
                rolledBackToSavepoint(connection, 300);
                insert(connection, random.nextInt(1, size));
            }
            default -> {
                if (random.nextBoolean()) {
                    Db.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                }
                insert(connection, random.nextInt(4) == 0 ? 300 : 2);
                prepare(connection);
                return;
            }
        }
        committing = true;
        connection.commit();
    }

    private void prepare(Connection connection) throws SQLException {
        String gid = "'" + number + "-" + transactions + "'";
        committing = true;
        Db.execute(connection, "PREPARE TRANSACTION " + gid);
        connection.setAutoCommit(true);
        pause(50);
        boolean keep = random.nextInt(3) > 0;
        // whatever happens to this session, the transaction must not stay
        db.execute((keep ? "COMMIT" : "ROLLBACK") + " PREPARED " + gid);
        if (!keep) {
            mine.clear();
        }
    }

    private void rolledBackToSavepoint(Connection connection, int count) throws SQLException {
        List<String> kept = new ArrayList<>(mine);
        Db.execute(connection, "SAVEPOINT a");
        insert(connection, count);
        Db.execute(connection, "ROLLBACK TO a");
        mine = kept;
    }

    /** One by one or in one statement; a table with row triggers or with statement triggers. */
    private void insert(Connection connection, int count) throws SQLException {
        int each = random.nextBoolean() && count < 40 ? 1 : Math.max(1, count);
        for (int done = 0; done < count; done += each) {
            String table = count < 400 && random.nextBoolean() ? "r" : "s";
            int first = rows + 1;
            rows += each;
            for (int q = first; q <= rows; q++) {
                mine.add(number + "-" + q);
            }
            Db.execute(
                    connection,
                    "INSERT INTO " + table + " SELECT '" + number + "-' || g, '" + number + "." + transactions
                            + "', g FROM generate_series(" + first + ", " + rows + ") g");
        }
    }

    private void emit(Connection connection) throws SQLException {
        rows++;
        String token = number + "-" + rows;
        mine.add(token);
        Db.execute(
                connection,
                "SELECT everafter.emit('e', 'x', jsonb_build_object('tok', '" + token + "', 'tx', '" + number + "."
                        + transactions + "', 'q', " + rows + "))");
    }

    private void pause(int millis) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(millis)));
    }
}
