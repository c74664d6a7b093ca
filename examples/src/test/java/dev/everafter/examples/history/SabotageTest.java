package dev.everafter.examples.history;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.client.EventClient;
import dev.everafter.client.PositionStore;
import dev.everafter.client.SabotagedClients;
import dev.everafter.core.EventHub;
import dev.everafter.core.SabotagedCursors;
import dev.everafter.core.StartFrom;
import dev.everafter.examples.history.Stand.Changes;
import dev.everafter.examples.history.Subscriber.Keeping;
import dev.everafter.pg.PgEventLog;
import dev.everafter.pg.PgListener;
import dev.everafter.pg.SabotagedTailers;
import dev.everafter.testkit.LogTable;
import dev.everafter.testkit.MessageDropper;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Verdict;
import dev.everafter.testkit.Watch;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The checker can fail: with one mechanism taken out, on the whole path, it reports the error that the mechanism is there
 * against; with the mechanism in its place, the same course of events is without error.
 */
@Timeout(120)
class SabotageTest {
    /**
     * So long that no client takes a server that is held up, by a test or by a busy machine, for gone: it would come back
     * with its position, and what is to be lost would be had after all.
     */
    private static final Duration HEARTBEAT = Duration.ofSeconds(4);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final AtomicInteger holesSeen = new AtomicInteger();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private interface LogChange {
        void make(PgEventLog.Builder log, String url);
    }

    private Stand stand(LogChange change) {
        return stand(new Changes(
                (log, url) -> {
                    log.listener(new PgListener() {
                        @Override
                        public void onGapSeen(long after, long next) {
                            holesSeen.incrementAndGet();
                        }
                    });
                    change.make(log, url);
                },
                log -> log,
                hub -> {}));
    }

    private Stand stand(Changes changes) {
        Stand stand = new Stand(PostgresFixture.shared(), changes, HEARTBEAT);
        opened.add(stand);
        return stand;
    }

    private Subscriber subscriber(Stand stand, Keeping keeping, UnaryOperator<EventClient.Builder> client) {
        return subscriber(stand, Watches.ALL, keeping, client);
    }

    private Subscriber subscriber(
            Stand stand, Watch watch, Keeping keeping, UnaryOperator<EventClient.Builder> client) {
        PositionStore memory = PositionStore.inMemory();
        Subscriber subscriber = new Subscriber(
                "subscriber",
                stand.port,
                new Subscriber.Settings(
                        Watches.LIST,
                        Watches.LIST.indexOf(watch),
                        keeping,
                        StartFrom.beginning(),
                        () -> memory,
                        event -> {},
                        client),
                new Random(1));
        opened.add(subscriber);
        subscribers.add(subscriber);
        return subscriber;
    }

    private Subscriber subscriber(Stand stand) {
        return subscriber(stand, Keeping.STORED, client -> client);
    }

    private static String emit(String value) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + value + "\"}')";
    }

    private static void awaitDeliveries(Subscriber subscriber, int count) {
        await().until(() -> subscriber.history.deliveries() >= count);
    }

    /** When everybody is where nothing is left to come. */
    private Verdict verdict(Stand stand) throws SQLException {
        stand.execute(List.of(emit("end")));
        long head = stand.head();
        await().until(() -> subscribers.stream().allMatch(each -> each.position() >= head));
        subscribers.forEach(each -> each.end(head));
        Verdict verdict = Verdict.of(
                LogTable.read(stand.direct, Watches.LIST),
                subscribers.stream().map(each -> each.history).toList());
        System.out.println(verdict.details());
        return verdict;
    }

    private static void assertLostOne(Verdict verdict) {
        assertEquals(1, verdict.lost(), verdict::toString);
        assertEquals(1, verdict.unsaidGaps(), verdict::toString);
    }

    private static void assertClean(Verdict verdict) {
        assertTrue(verdict.clean(), verdict::toString);
    }

    // a transaction takes its id, and commits after one that took a later id

    /** @param passesHoles whether the later one is told before the earlier one has ended */
    private Verdict lateCommit(Stand stand, boolean passesHoles) throws Exception {
        stand.start();
        Subscriber subscriber = subscriber(stand);
        stand.execute(List.of(emit("first")));
        awaitDeliveries(subscriber, 1);
        try (Connection late = placed(stand, "late")) {
            stand.execute(List.of(emit("early")));
            await().until(() -> holesSeen.get() > 0);
            if (passesHoles) {
                awaitDeliveries(subscriber, 2);
            }
            late.commit();
        }
        return verdict(stand);
    }

    private static Connection placed(Stand stand, String value) throws SQLException {
        Connection connection = stand.direct.getConnection();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET CONSTRAINTS ALL IMMEDIATE");
            statement.execute(emit(value));
        }
        return connection;
    }

    @Test
    void shouldFindNothingWhenATransactionCommitsLate() throws Exception {
        assertClean(lateCommit(stand((log, url) -> {}), false));
    }

    @Test
    void shouldFindAnEventLostWhenTheGapProofIsOff() throws Exception {
        assertLostOne(lateCommit(stand(SabotagedTailers::withoutProof), true));
    }

    @Test
    void shouldFindAnEventLostWhenTheSecondSnapshotIsLeftOut() throws Exception {
        assertLostOne(lateCommit(stand(SabotagedTailers::withoutSecondSnapshot), false));
    }

    // somebody catches up while a hole is open

    private Verdict catchUpAtAHole(Stand stand, boolean passesHoles) throws Exception {
        stand.execute(List.of(emit("first")));
        stand.start();
        Subscriber live = subscriber(stand);
        awaitDeliveries(live, 1);
        try (Connection late = placed(stand, "late")) {
            stand.execute(List.of(emit("early")));
            await().until(() -> holesSeen.get() > 0);
            Subscriber cold = subscriber(stand);
            awaitDeliveries(cold, passesHoles ? 2 : 1);
            late.commit();
        }
        return verdict(stand);
    }

    @Test
    void shouldFindNothingWhenSomebodyCatchesUpAtAHole() throws Exception {
        assertClean(catchUpAtAHole(stand((log, url) -> {}), false));
    }

    @Test
    void shouldFindAnEventLostWhenAColdReadGoesPastTheProvenHead() throws Exception {
        Changes changes = new Changes(
                (log, url) -> log.listener(new PgListener() {
                    @Override
                    public void onGapSeen(long after, long next) {
                        holesSeen.incrementAndGet();
                    }
                }),
                PastTheHead::new,
                hub -> {});
        assertLostOne(catchUpAtAHole(stand(changes), true));
    }

    // two events, one after the other, while a cursor looks

    private interface Looking {
        void make(EventHub.Builder hub, Runnable between);
    }

    private Verdict publishedWhileLooking(Looking looking) throws Exception {
        Pause pause = new Pause();
        Stand stand = stand(new Changes((log, url) -> {}, log -> log, hub -> looking.make(hub, pause::pass)));
        stand.start();
        Subscriber subscriber = subscriber(stand);
        stand.execute(List.of(emit("first")));
        awaitDeliveries(subscriber, 1);
        await().until(() -> stand.caughtUp.get() > 0);
        pause.arm();
        stand.execute(List.of(emit("one")));
        pause.awaitHeld();
        stand.execute(List.of(emit("two")));
        long head = stand.head();
        await().until(() -> stand.published() >= head);
        pause.release();
        return verdict(stand);
    }

    @Test
    void shouldFindAnEventLostWhenTheLaneIsReadBeforeTheHead() throws Exception {
        Verdict verdict = publishedWhileLooking(SabotagedCursors::laneBeforeHead);
        // the look may have begun before the first of the two was there
        assertTrue(verdict.lost() == 1 || verdict.lost() == 2, verdict::toString);
        assertEquals(1, verdict.unsaidGaps(), verdict::toString);
    }

    @Test
    void shouldFindNothingWhenEventsArePublishedWhileACursorLooks() throws Exception {
        assertClean(publishedWhileLooking(SabotagedCursors::headBeforeLane));
    }

    // a message vanishes on its way

    /** @param quiet whether what comes next doesn't match, so that the client is told no more than a position */
    private Verdict droppedMessage(UnaryOperator<EventClient.Builder> client, boolean quiet) throws Exception {
        Stand stand = stand((log, url) -> {});
        stand.start();
        Subscriber subscriber = subscriber(stand, Watches.EMITTED, Keeping.STORED, client);
        MessageDropper dropper = MessageDropper.in(subscriber.proxy);
        subscriber.proxy.cutAll();
        stand.execute(List.of(emit("first")));
        awaitDeliveries(subscriber, 1);
        Future<String> dropped = dropper.dropNext(message -> message.startsWith("{\"type\":\"events\""));
        stand.execute(List.of(emit("dropped")));
        dropped.get(30, TimeUnit.SECONDS);
        if (quiet) {
            stand.execute(List.of("SELECT everafter.emit('t', 'not x', '{}')"));
            long head = stand.head();
            await().until(() -> subscriber.position() >= head);
        }
        return verdict(stand);
    }

    @Test
    void shouldFindAnEventLostWhenAMessageIsDroppedAndTheClientDoesNotCheckEvents() throws Exception {
        assertLostOne(droppedMessage(SabotagedClients::withoutContinuity, false));
    }

    @Test
    void shouldFindAnEventLostWhenAMessageIsDroppedAndTheClientDoesNotCheckPositions() throws Exception {
        assertLostOne(droppedMessage(SabotagedClients::withoutContinuity, true));
    }

    @Test
    void shouldNoticeAndHealADroppedMessageWhenEventsFollow() throws Exception {
        assertHealed(droppedMessage(client -> client, false));
    }

    @Test
    void shouldNoticeAndHealADroppedMessageWhenOnlyAPositionFollows() throws Exception {
        assertHealed(droppedMessage(client -> client, true));
    }

    private static void assertHealed(Verdict verdict) {
        assertEquals(1, verdict.holes(), verdict::toString);
        assertEquals(
                0, verdict.lost() + verdict.repeated() + verdict.disordered() + verdict.unmatched(), verdict::toString);
    }

    // a client dies in its handler

    private Verdict deathInTheHandler(UnaryOperator<EventClient.Builder> client) throws Exception {
        Stand stand = stand((log, url) -> {});
        stand.start();
        Subscriber subscriber =
                subscriber(stand, Keeping.STORED_AND_DIES, each -> client.apply(each.saveInterval(Duration.ZERO)));
        stand.execute(List.of(emit("first")));
        awaitDeliveries(subscriber, 1);
        subscriber.hold(true);
        stand.execute(List.of(emit("handled by the dying")));
        await().until(subscriber::isHeld);
        subscriber.restart();
        return verdict(stand);
    }

    @Test
    void shouldFindNothingWhenAClientDiesInItsHandler() throws Exception {
        assertClean(deathInTheHandler(client -> client));
    }

    @Test
    void shouldFindAnEventLostWhenThePositionMovesBeforeTheHandler() throws Exception {
        assertLostOne(deathInTheHandler(SabotagedClients::positionBeforeHandler));
    }
}
