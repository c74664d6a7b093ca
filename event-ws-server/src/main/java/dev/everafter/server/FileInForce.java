package dev.everafter.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a configuration file says, read again when it has changed: at most a second late. While it can't be read, or is
 * broken, what it said before goes on being in force, and the log says so once for each reason.
 *
 * <p>Safe for use by any thread; blocks while it reads the file.
 */
final class FileInForce<T> {
    private static final Logger LOG = LoggerFactory.getLogger(FileInForce.class);
    private static final int MAX_BYTES = 16 << 20;
    private static final Duration FRESH = Duration.ofSeconds(1);

    private final String name;
    private final Path file;
    private final Parser<T> parser;
    private final LongSupplier ticker;
    private byte[] content;
    private T said;
    private String problem = "";
    private volatile boolean expired;
    private long readAt;
    private long version;

    /** Says what is wrong, where, and what is expected there. */
    static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1L;

        BrokenException(String message) {
            super(message);
        }
    }

    /** Makes sense of a file. */
    interface Parser<T> {
        T parse(byte[] content) throws BrokenException;
    }

    /**
     * Reads it for the first time.
     *
     * @param name what kind of file it is, for messages
     * @throws IllegalArgumentException if it can't be read, or is broken
     */
    FileInForce(String name, Path file, Parser<T> parser, LongSupplier ticker) {
        this.name = name;
        this.file = file;
        this.parser = parser;
        this.ticker = ticker;
        try {
            this.content = read(file);
            this.said = parse(content);
        } catch (IOException e) {
            throw new IllegalArgumentException("the " + name + " " + file + " can't be read: " + e, e);
        } catch (BrokenException e) {
            throw new IllegalArgumentException("the " + name + " " + file + " can't be used: " + e.getMessage(), e);
        }
        this.readAt = ticker.getAsLong();
    }

    /** Has it looked at when it is next asked, however soon that is. Doesn't block. */
    void expire() {
        expired = true;
    }

    /** What it says, as of a second ago at the most. */
    synchronized T current() {
        long now = ticker.getAsLong();
        if (expired || now - readAt >= FRESH.toNanos()) {
            expired = false;
            readAt = now;
            look();
        }
        return said;
    }

    /** How often it has come to say something else. */
    synchronized long version() {
        current();
        return version;
    }

    private void look() {
        try {
            byte[] read = read(file);
            if (!Arrays.equals(read, content)) {
                said = parse(read);
                content = read;
                version++;
                LOG.info("the {} {} has changed, and is in force as it is now", name, file);
            }
            problem = "";
        } catch (IOException | BrokenException e) {
            tell(e.toString());
        }
    }

    private T parse(byte[] read) throws BrokenException {
        if (read.length > MAX_BYTES) {
            throw new BrokenException("it has more than " + MAX_BYTES + " bytes");
        }
        return parser.parse(read);
    }

    private static byte[] read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(MAX_BYTES + 1);
        }
    }

    private void tell(String why) {
        if (!why.equals(problem)) {
            problem = why;
            LOG.warn("what the {} {} said before still holds, since it can't be used now: {}", name, file, why);
        }
    }
}
