package dev.everafter.examples.history;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import javax.sql.DataSource;

/**
 * One writer of transactions of a few rows on the tables of {@code TransactionMix}: rows come, move from one filter's view
 * into another's, and go; some transactions are rolled back, whole or in part. For one thread.
 */
final class SmallTransactions implements Callable<Void> {
    private static final int MOST_ROWS = 8;

    private final DataSource source;
    private final int number;
    private final Random random;
    private final BooleanSupplier goOn;
    private int rows;

    /** @param goOn asked before each transaction, may wait */
    SmallTransactions(DataSource source, int number, Random random, BooleanSupplier goOn) {
        this.source = source;
        this.number = number;
        this.random = random;
        this.goOn = goOn;
    }

    @Override
    public Void call() throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            while (goOn.getAsBoolean()) {
                transaction(connection, statement);
            }
        }
        return null;
    }

    private void transaction(Connection connection, Statement statement) throws SQLException {
        for (int i = random.nextInt(MOST_ROWS); i >= 0; i--) {
            statement.execute(change());
        }
        if (random.nextInt(6) == 0) {
            Savepoint before = connection.setSavepoint();
            statement.execute(change());
            connection.rollback(before);
        }
        if (random.nextInt(10) == 0) {
            connection.rollback();
            return;
        }
        if (random.nextInt(10) == 0) {
            // last, so that no two writers wait for each other in turns
            statement.execute("UPDATE acct SET ver = ver + 1 WHERE id = " + (1 + random.nextInt(20)));
        }
        connection.commit();
    }

    private String change() {
        String table = random.nextBoolean() ? "r" : "s";
        String one = " WHERE tok = '" + number + "-" + (rows - random.nextInt(8)) + "'";
        return switch (random.nextInt(8)) {
            case 0 -> "UPDATE " + table + " SET bucket = (bucket + 1) % 10" + one;
            case 1 -> "DELETE FROM " + table + one;
            case 2 -> "SELECT everafter.emit('e', 'x', '{\"q\":" + rows + "}')";
            default -> {
                rows++;
                yield "INSERT INTO " + table + " VALUES ('" + number + "-" + rows + "', '', " + rows + ", " + rows % 10
                        + ")";
            }
        };
    }
}
