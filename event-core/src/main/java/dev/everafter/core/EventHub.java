package dev.everafter.core;

import java.time.Duration;
import java.util.concurrent.ThreadFactory;

/** Stub, replaced by the next commit. */
@SuppressWarnings({"unused", "DoNotCallSuggester"})
public final class EventHub implements AutoCloseable {
    private EventHub(Builder b) {}

    public static Builder builder(EventLog log) {
        return new Builder(log);
    }

    /** Waits until the tailer has told its first head. */
    public boolean awaitStarted(Duration timeout) throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    public Cursor open(Selection selection, StartFrom from) {
        throw new UnsupportedOperationException();
    }

    /** epoch and proven head now. */
    public Position head() {
        throw new UnsupportedOperationException();
    }

    public EventLog log() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}

    public static final class Builder {
        Builder(EventLog log) {}

        public Builder tailBytes(long bytes) {
            return this;
        }

        public Builder coldReaders(int threads) {
            return this;
        }

        public Builder pageBytes(long bytes) {
            return this;
        }

        public Builder pageEvents(int events) {
            return this;
        }

        public Builder pageBudgetBytes(long bytes) {
            return this;
        }

        public Builder listener(HubListener listener) {
            return this;
        }

        public Builder threads(ThreadFactory threads) {
            return this;
        }

        public EventHub build() {
            throw new UnsupportedOperationException();
        }
    }
}
