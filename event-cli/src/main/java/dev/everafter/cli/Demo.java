package dev.everafter.cli;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shop in small, so that a newcomer sees events at once: orders in {@value #TABLE} are placed, go from state to state
 * and are removed in the end, one change at a time; there are never more than {@value #MOST_ORDERS}.
 *
 * <p>A table of that name which somebody else made is left alone. A change that fails is logged and the next one tried.
 *
 * <p>{@link #step()} belongs to one thread, which {@link #start} provides; {@link #close()} may come from any.
 */
final class Demo implements AutoCloseable {
    static final String TABLE = "demo.orders";

    private static final Logger LOG = LoggerFactory.getLogger(Demo.class);
    private static final String MARK = "made by everafter serve --demo";
    private static final int FEWEST_ORDERS = 4;
    private static final int MOST_ORDERS = 12;
    private static final int STOP_SECONDS = 3;
    private static final List<String> CUSTOMERS = List.of("Ada", "Grace", "Edsger", "Barbara", "Alan", "Lynn");
    private static final List<String> ITEMS = List.of("lamp", "kettle", "bicycle", "umbrella", "chair", "globe");

    private final DataSource database;
    private final Random random;
    private final ThreadFactory threads;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    Demo(DataSource database, Random random, ThreadFactory threads) {
        this.database = database;
        this.random = random;
        this.threads = threads;
    }

    /**
     * Makes the table where it is missing.
     *
     * @throws CliException if a table of that name is somebody else's
     */
    void install() throws SQLException {
        try (Connection connection = database.getConnection();
                Statement sql = connection.createStatement()) {
            String comment = comment(sql);
            if (comment.equals(MARK)) {
                return;
            }
            if (!comment.isEmpty()) {
                throw new CliException("table " + TABLE + " exists and is not the demo's (its comment is " + comment
                        + "): start without --demo, or rename that table");
            }
            connection.setAutoCommit(false);
            sql.execute("CREATE SCHEMA IF NOT EXISTS demo");
            sql.execute("CREATE TABLE demo.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                    + " customer text NOT NULL, item text NOT NULL, amount integer NOT NULL, state text NOT NULL)");
            sql.execute("COMMENT ON TABLE demo.orders IS '" + MARK + "'");
            connection.commit();
        }
    }

    /** Empty if there is no such table. */
    private static String comment(Statement sql) throws SQLException {
        try (ResultSet row = sql.executeQuery("SELECT coalesce(obj_description(to_regclass('" + TABLE + "')), 'none')"
                + " WHERE to_regclass('" + TABLE + "') IS NOT NULL")) {
            return row.next() ? row.getString(1) : "";
        }
    }

    /** Makes a change now and one after each {@code pause}, until {@link #close()}; to be called once. */
    Demo start(Duration pause) {
        threads.newThread(() -> write(pause)).start();
        return this;
    }

    private void write(Duration pause) {
        try {
            do {
                tryStep();
            } while (!stop.await(pause.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            stopped.countDown();
        }
    }

    private void tryStep() {
        try {
            step();
        } catch (SQLException e) {
            LOG.warn("the demo's change failed and is left out: {}", e.getMessage());
        }
    }

    /** Makes one change in a transaction of its own. */
    void step() throws SQLException {
        try (Connection connection = database.getConnection()) {
            List<Order> orders = orders(connection);
            boolean place = orders.size() < FEWEST_ORDERS || (orders.size() < MOST_ORDERS && random.nextInt(4) == 0);
            if (place) {
                place(connection);
            } else {
                orders.get(random.nextInt(orders.size())).advance(connection);
            }
        }
    }

    private static List<Order> orders(Connection connection) throws SQLException {
        List<Order> orders = new ArrayList<>();
        try (Statement sql = connection.createStatement();
                ResultSet rows = sql.executeQuery("SELECT id, state FROM demo.orders ORDER BY id LIMIT 100")) {
            while (rows.next()) {
                orders.add(new Order(rows.getLong(1), rows.getString(2)));
            }
        }
        return orders;
    }

    private void place(Connection connection) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO demo.orders (customer, item, amount, state) VALUES (?, ?, ?, 'new')")) {
            insert.setString(1, CUSTOMERS.get(random.nextInt(CUSTOMERS.size())));
            insert.setString(2, ITEMS.get(random.nextInt(ITEMS.size())));
            insert.setInt(3, 1 + random.nextInt(9));
            insert.executeUpdate();
        }
    }

    /** An order on its way. */
    private record Order(long id, String state) {
        /** On to the next state, or out of the table; a state that somebody else has set is an order's last. */
        void advance(Connection connection) throws SQLException {
            String next = switch (state) {
                case "new" -> "paid";
                case "paid" -> "packed";
                case "packed" -> "shipped";
                case "shipped" -> "delivered";
                default -> "";
            };
            if (next.isEmpty()) {
                try (PreparedStatement delete = connection.prepareStatement("DELETE FROM demo.orders WHERE id = ?")) {
                    delete.setLong(1, id);
                    delete.executeUpdate();
                }
                return;
            }
            try (PreparedStatement update =
                    connection.prepareStatement("UPDATE demo.orders SET state = ? WHERE id = ?")) {
                update.setString(1, next);
                update.setLong(2, id);
                update.executeUpdate();
            }
        }
    }

    /** Ends what {@link #start} began; waits a few seconds at most for the change under way. */
    @Override
    public void close() throws InterruptedException {
        stop.countDown();
        if (!stopped.await(STOP_SECONDS, TimeUnit.SECONDS)) {
            LOG.warn("the demo's last change takes longer than {} s; not waiting for it", STOP_SECONDS);
        }
    }
}
