package dev.everafter.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Sends every log line to stderr: our own from INFO, those of libraries from WARN, one level more of each with
 * {@code --verbose}. What libraries write through java.util.logging goes the same way.
 *
 * <p>The settings are the process's own, so the last call wins.
 */
final class Logging {
    /** How a line looks. */
    enum Format {
        /** For a person to read. */
        text,
        /** One JSON object a line, as logback's JsonEncoder writes them. */
        json
    }

    private Logging() {}

    static void start(Format format, boolean verbose) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
        stderr.setContext(context);
        stderr.setTarget("System.err");
        stderr.setEncoder(encoder(context, format));
        stderr.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(stderr);
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(verbose ? Level.INFO : Level.WARN);
        context.getLogger("tail").setLevel(Level.INFO);
        context.getLogger("dev.everafter").setLevel(verbose ? Level.DEBUG : Level.INFO);

        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
    }

    /** Nothing of {@code name} is logged any more, for who tells it otherwise. */
    static void silence(String name) {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(name).setLevel(Level.OFF);
    }

    private static Encoder<ILoggingEvent> encoder(LoggerContext context, Format format) {
        if (format == Format.json) {
            JsonEncoder json = new JsonEncoder();
            json.setContext(context);
            json.setWithFormattedMessage(true);
            json.setWithMessage(false);
            json.setWithArguments(false);
            json.setWithSequenceNumber(false);
            json.setWithContext(false);
            json.start();
            return json;
        }
        PatternLayoutEncoder pattern = new PatternLayoutEncoder();
        pattern.setContext(context);
        pattern.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{0} - %msg%n%ex");
        pattern.start();
        return pattern;
    }
}
