package dev.everafter.examples.history;

import dev.everafter.core.EventLog;
import dev.everafter.core.Filter;
import dev.everafter.core.LogRange;
import dev.everafter.core.LogStatus;
import dev.everafter.core.Page;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Tailer;

/** A log that is read up to whatever is committed, not up to what is proven. Safe for use by any thread. */
record PastTheHead(EventLog log) implements EventLog {
    @Override
    public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
        return log.read(after, Math.max(upTo, log.range().head()), filter, limits);
    }

    @Override
    public LogRange range() {
        return log.range();
    }

    @Override
    public Start resolve(StartFrom from) {
        return log.resolve(from);
    }

    @Override
    public Tailer tailer() {
        return log.tailer();
    }

    @Override
    public LogStatus status() {
        return log.status();
    }

    @Override
    public void close() {
        log.close();
    }
}
