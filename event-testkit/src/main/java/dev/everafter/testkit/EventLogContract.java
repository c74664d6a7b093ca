package dev.everafter.testkit;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Page;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Tailer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every {@link EventLog} keeps. A log's own test extends this and says how to open one that is empty.
 *
 * <p>Where a log may choose (which ids it gives, what it reads beyond the filter, how much it prunes), these tests leave
 * it the choice.
 */
public abstract class EventLogContract extends EventLogResolveContract {
    @Test
    void shouldStartAtTheHeadAndThenTellEachLaterEventOnce() throws Exception {
        append(3);
        try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
            assertEquals(log.range().epoch(), tail.started().epoch());
            tail.awaitHead(log.range().head());
            long head = tail.head();
            assertEquals(List.of(), tail.events());

            append(1);
            append(600);
            append(2);

            tail.awaitEvents(603);
            Writers.assertWholeTransactions(subject, tail.events());
            assertEquals(readAll(head, tail.head(), Filter.all(), PLENTY), tail.events());
            await().until(() -> log.status().following());
        }
    }

    @Test
    void shouldMissAndRepeatNothingWhenReadersAndTailerMeetAmongWriters() throws Exception {
        Random random = Seed.random("shouldMissAndRepeatNothingWhenReadersAndTailerMeetAmongWriters");
        long start = log.range().head();
        try (Writers writers = new Writers(subject, 4, random)) {
            writers.awaitSome();
            try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
                long join = tail.started().head();
                List<Event> all = new ArrayList<>(readAll(start, join, Filter.all(), new ReadLimits(50, 1 << 28)));
                int past = all.size();

                // behind the tailer's back: what it has proven is all there, and stays all there is
                List<Event> chased = new ArrayList<>();
                long position = join;
                while (!writers.anyEnded()
                        && (chased.size() < 300 || tail.events().size() < 300)) {
                    long to = tail.head();
                    chased.addAll(readAll(position, to, Filter.all(), new ReadLimits(50, 1 << 28)));
                    position = to;
                }
                int written = writers.stop();
                tail.awaitEvents(written - past);

                all.addAll(tail.events());
                writers.assertAllOnceInOrder(all);
                Writers.assertWholeTransactions(subject, all);
                chased.addAll(readAll(position, tail.head(), Filter.all(), PLENTY));
                assertEquals(tail.events(), chased);
            }
        }
    }

    @Test
    void shouldEndNextWhenClosed() throws Exception {
        Tailer tailer = log.tailer();
        TailFollower tail = new TailFollower(tailer).awaitStarted();
        tailer.close();
        tail.awaitEnd();
        tail.close();
        assertThrows(InterruptedException.class, tailer::next);
    }

    @Test
    void shouldEndNextWhenInterrupted() throws Exception {
        try (Tailer tailer = log.tailer()) {
            CountDownLatch started = new CountDownLatch(1);
            ExecutorService executor = Executors.newSingleThreadExecutor();
            try {
                Future<?> ended = executor.submit(() -> {
                    tailer.next();
                    started.countDown();
                    assertThrows(InterruptedException.class, () -> {
                        while (true) {
                            tailer.next();
                        }
                    });
                    return null;
                });
                assertTrue(started.await(60, TimeUnit.SECONDS));
                executor.shutdownNow();
                ended.get(60, TimeUnit.SECONDS);
            } finally {
                executor.shutdownNow();
            }
        }
    }

    @Test
    void shouldRefuseASecondTailerUntilTheFirstIsClosed() throws Exception {
        Tailer first = log.tailer();
        assertThrows(IllegalStateException.class, log::tailer);
        first.close();
        first.close();
        append(1);
        try (TailFollower second = new TailFollower(log.tailer()).awaitStarted()) {
            second.awaitHead(log.range().head());
            append(2);
            second.awaitEvents(2);
            Writers.assertWholeTransactions(subject, second.events());
            first.close();
            assertThrows(IllegalStateException.class, log::tailer, "the first one's close let go of the second");
        }
    }

    @Test
    void shouldEndItsTailerWhenTheLogIsClosed() throws Exception {
        TailFollower tail = new TailFollower(log.tailer()).awaitStarted();
        log.close();
        tail.awaitEnd();
        tail.close();
        assertFalse(log.status().following());
    }

    @Test
    void shouldTellTheNewEpochWhenRewound() throws Exception {
        List<Long> ids = appendSingly(10);
        try (TailFollower tail = new TailFollower(log.tailer()).awaitStarted()) {
            tail.awaitHead(log.range().head());
            long fork = ids.get(5);

            subject.rewind(fork);

            tail.awaitEpochChanged();
            assertEquals(fork, tail.epochChanged().fork());
            assertEquals(log.range().epoch(), tail.epochChanged().epoch());
            assertNotEquals(tail.started().epoch(), tail.epochChanged().epoch());
            append(2);
            tail.awaitEvents(2);
            Page page = log.read(fork, tail.head(), Filter.all(), PLENTY);
            assertEquals(tail.epochChanged().epoch(), page.epoch());
            assertEquals(page.events(), tail.events());
        }
    }
}
