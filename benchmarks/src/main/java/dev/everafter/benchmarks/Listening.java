package dev.everafter.benchmarks;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * A database session that does nothing but LISTEN, on a thread of its own.
 *
 * <p>Safe for use by any thread.
 */
final class Listening implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Connection connection;
    private final Observer observer;
    private final Thread thread;
    private long heard;
    private @Nullable SQLException failure;
    private volatile boolean closed;

    /** Told of each notification, in the listener's thread. */
    interface Observer {
        void onNotification(String payload, long nanos);
    }

    Listening(String jdbcUrl, String channel, Observer observer) throws SQLException {
        this.observer = observer;
        this.connection = Database.connect(jdbcUrl);
        Database.execute(connection, "LISTEN " + channel);
        PGConnection session = connection.unwrap(PGConnection.class);
        this.thread = new Thread(() -> run(session), "bare listener");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(PGConnection session) {
        try {
            while (!closed) {
                PGNotification[] some = session.getNotifications(200);
                hear(some == null ? new PGNotification[0] : some, System.nanoTime());
            }
        } catch (SQLException e) {
            synchronized (this) {
                failure = e;
                notifyAll();
            }
        }
    }

    private void hear(PGNotification[] notifications, long nanos) {
        for (PGNotification notification : notifications) {
            observer.onNotification(notification.getParameter(), nanos);
        }
        synchronized (this) {
            heard += notifications.length;
            notifyAll();
        }
    }

    /** Returns when exactly {@code total} notifications have come since the beginning. */
    synchronized void await(long total) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (heard < total && failure == null) {
            long millis = (deadline - System.nanoTime()) / 1_000_000;
            if (millis <= 0) {
                throw new IllegalStateException(heard + " of " + total + " notifications within " + PATIENCE);
            }
            wait(millis);
        }
        if (failure != null) {
            throw new IllegalStateException("the listener failed", failure);
        }
        if (heard > total) {
            throw new IllegalStateException(heard + " notifications where " + total + " were sent");
        }
    }

    @Override
    public void close() throws SQLException, InterruptedException {
        closed = true;
        thread.join();
        connection.close();
    }
}
