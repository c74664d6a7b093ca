package dev.everafter.server.standalone;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.slf4j.LoggerFactory;

/**
 * Collects what is logged as a warning or worse, by us or by what is underneath, from when it is made until it is closed.
 *
 * <p>Safe for use by any thread.
 */
final class LogFaults implements AutoCloseable {
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final AppenderBase<ILoggingEvent> ours = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent entry) {
            if (isConcerned(entry.getLoggerName()) && entry.getLevel().isGreaterOrEqual(Level.WARN)) {
                faults.add(entry.toString());
            }
        }
    };
    /** Tyrus and Grizzly log by the JDK's own means. */
    private final Handler theirs = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            if (isConcerned(Optional.ofNullable(entry.getLoggerName()).orElse(""))
                    && entry.getLevel().intValue() >= java.util.logging.Level.WARNING.intValue()) {
                faults.add(entry.getLoggerName() + ": " + entry.getMessage() + " " + entry.getThrown());
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    /** What other tests leave running, a connection pool for one, may complain of a slow machine. */
    private static boolean isConcerned(String logger) {
        return logger.startsWith("dev.everafter.") || logger.startsWith("org.glassfish.");
    }

    LogFaults() {
        java.util.logging.Logger.getLogger("").addHandler(theirs);
        ours.start();
        root().addAppender(ours);
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    /** What was logged, in that order. */
    List<String> all() {
        return List.copyOf(faults);
    }

    @Override
    public void close() {
        java.util.logging.Logger.getLogger("").removeHandler(theirs);
        root().detachAppender(ours);
    }
}
