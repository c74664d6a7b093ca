package dev.everafter.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that was started is stopped once, the last first, even where stopping one of them fails, and even where the
 * end comes in the middle of a start: {@link #close()} waits for the step under way, and no further one begins.
 *
 * <p>Safe for use by any thread.
 */
final class Closing implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

    /** Starts one thing. */
    interface Step<T extends AutoCloseable> {
        T start() throws Exception;
    }

    private record Opened(String name, AutoCloseable resource) {}

    private final Deque<Opened> opened = new ArrayDeque<>();
    private boolean closed;

    /**
     * Starts something that is to be stopped in the end.
     *
     * @throws CliException if the end has come already
     */
    synchronized <T extends AutoCloseable> T open(String name, Step<T> step) throws Exception {
        if (closed) {
            throw new CliException("stopped before " + name + " was started");
        }
        T resource = step.start();
        opened.push(new Opened(name, resource));
        return resource;
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!opened.isEmpty()) {
            Opened last = opened.pop();
            try {
                last.resource().close();
            } catch (Exception e) {
                LOG.warn("{} didn't stop cleanly", last.name(), e);
            }
        }
    }
}
