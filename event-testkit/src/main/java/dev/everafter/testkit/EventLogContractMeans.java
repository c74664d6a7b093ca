package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.EventLog;
import dev.everafter.core.Filter;
import dev.everafter.core.Page;
import dev.everafter.core.ReadLimits;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** The log under test, and the means that the parts of its contract share. */
@Timeout(180)
abstract class EventLogContractMeans {
    static final ReadLimits PLENTY = new ReadLimits(10_000, 1 << 28);
    static final String TOPIC = "contract.events";

    EventLogSubject subject;
    EventLog log;

    /** An empty log; closed by the suite. */
    protected abstract EventLogSubject open() throws Exception;

    @BeforeEach
    void openLog() throws Exception {
        subject = open();
        log = subject.log();
    }

    @AfterEach
    void closeLog() throws Exception {
        subject.close();
    }

    void append(int events) throws Exception {
        subject.append(TOPIC, Writers.transaction(0, 0, events));
    }

    /** Each in a transaction of its own; returns their ids. */
    List<Long> appendSingly(int events) throws Exception {
        long start = log.range().head();
        for (int i = 0; i < events; i++) {
            append(1);
        }
        List<Event> all = readAll(start, provenHead(), Filter.all(), PLENTY);
        assertEquals(events, all.size());
        return all.stream().map(Event::id).toList();
    }

    /** The head as a tailer proves it, when nobody writes. */
    long provenHead() throws Exception {
        try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
            tail.awaitHead(log.range().head());
            return tail.head();
        }
    }

    /** Page after page, each of which is checked. */
    List<Event> readAll(long after, long upTo, Filter filter, ReadLimits limits) {
        List<Event> all = new ArrayList<>();
        long position = after;
        while (position < upTo) {
            Page page = log.read(position, upTo, filter, limits);
            long from = position;
            long last = position;
            assertTrue(
                    page.scannedTo() > position && page.scannedTo() <= upTo,
                    () -> "scanned to " + page.scannedTo() + " in (" + from + ", " + upTo + "]");
            assertTrue(
                    page.events().size() <= limits.events(), () -> page.events().size() + " events, with " + limits);
            for (Event event : page.events()) {
                assertTrue(event.id() > last, () -> "not in order in (" + from + ", " + upTo + "]: " + page.events());
                last = event.id();
            }
            assertTrue(last <= page.scannedTo(), () -> "events beyond " + page.scannedTo() + ": " + page.events());
            all.addAll(page.events());
            position = page.scannedTo();
        }
        return all;
    }
}
