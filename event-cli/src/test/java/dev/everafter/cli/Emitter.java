package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.RawJson;
import dev.everafter.pg.LogSchema;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/**
 * Emits one event of its topic after the other, each in a transaction of its own, until {@link #finish()}; the last one
 * has the type {@code end}. On a thread of its own, which ends with {@link #close()} however the test ends.
 */
final class Emitter implements AutoCloseable {
    private final DataSource source;
    private final String topic;
    private final Thread thread;
    private volatile boolean stop;
    private volatile int count;

    private Emitter(DataSource source, String topic) {
        this.source = source;
        this.topic = topic;
        this.thread = new Thread(this::emit, "emitter of " + topic);
    }

    static Emitter start(DataSource source, String topic) {
        Emitter emitter = new Emitter(source, topic);
        emitter.thread.start();
        return emitter;
    }

    private void emit() {
        try (Connection connection = source.getConnection()) {
            int written = 0;
            while (!stop) {
                LogSchema.emit(connection, topic, "test", RawJson.of("{\"number\":" + written++ + "}"), null);
            }
            LogSchema.emit(connection, topic, "end", RawJson.of("{}"), null);
            count = written + 1;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Emits the last event, and returns how many there were. */
    int finish() throws InterruptedException {
        close();
        assertTrue(count > 0, "the emitter failed");
        return count;
    }

    @Override
    public void close() throws InterruptedException {
        stop = true;
        thread.join(30_000);
        assertFalse(thread.isAlive(), "the emitter doesn't end");
    }
}
