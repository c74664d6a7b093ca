package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.client.EventClientException.Code;
import dev.everafter.core.Event;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import dev.everafter.core.StartFrom;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What reaches the handler, what is kept of it, and what does not reach it. */
class DeliveryTest extends ClientFixture {
    @Test
    void shouldNeverHandleWhatFollowsAHoleAndAskAgain() throws Exception {
        client().subscribe(spec(), handler);
        var first = acceptSubscription();
        first.connection().events(1, 10, 11, 11);
        first.connection().events(1, 12, 14, 13, 14);
        first.connection().events(1, 14, 15, 15);
        var second = acceptSubscription();
        assertEquals(11, second.after());
        assertEquals(List.of(11L), handler.calls);
        assertEquals(1, listener.count("hole orders e1:11"));
        second.connection().events(1, 11, 15, 12, 13, 14, 15);
        awaitCalls(11L, 12L, 13L, 14L, 15L);
    }

    @Test
    void shouldAskAgainWhenAPositionDoesNotJoinOn() throws Exception {
        client().subscribe(spec(), handler);
        var first = acceptSubscription().connection();
        first.events(1, 10, 11, 11);
        awaitCalls(11L);
        first.send("{'type':'position','after':11,'to':12,'refs':[1]}");
        first.send("{'type':'position','after':14,'to':15,'refs':[1]}");
        var second = acceptSubscription();
        assertEquals(12, second.after());
        second.connection().events(1, 12, 14, 13, 14);
        awaitCalls(11L, 13L, 14L);
        assertEquals(1, listener.count("hole orders e1:12"));
    }

    @Test
    void shouldFailLoudlyWhenTheSameHoleComesTwiceInARow() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        acceptSubscription().connection().events(1, 12, 14, 13, 14);
        acceptSubscription().connection().events(1, 12, 14, 13, 14);
        assertEquals(Code.HOLE, failureCode(subscription));
        assertEquals(List.of(), handler.calls);
        assertEquals(Optional.of(START), subscription.position());
    }

    @Test
    void shouldNotCountTwoHolesAsOneWhenEventsCameBetween() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        acceptSubscription().connection().events(1, 12, 14, 13, 14);
        var second = acceptSubscription().connection();
        second.events(1, 10, 11, 11);
        second.events(1, 12, 14, 13, 14);
        acceptSubscription().connection().events(1, 11, 12, 12);
        awaitCalls(11L, 12L);
        assertFalse(subscription.done().toCompletableFuture().isDone());
    }

    @Test
    void shouldTreatASubscriptionConfirmedBehindItsPositionAsAHole() throws Exception {
        client().subscribe(spec(), handler);
        var connection = server.acceptAndWelcome();
        connection.subscribed(connection.expect("subscribe"), 1, "e1", 12);
        connection.events(1, 12, 13, 13);
        assertEquals(10, acceptSubscription().after());
        assertEquals(List.of(), handler.calls);
    }

    @ParameterizedTest
    @ValueSource(strings = {"11,13,12", "11,11", "10,11", "11,16"})
    void shouldHandleNothingOfAMessageWhoseItemsDoNotFitIt(String ids) throws Exception {
        client().subscribe(spec(), handler);
        long[] wrong =
                List.of(ids.split(",")).stream().mapToLong(Long::parseLong).toArray();
        acceptSubscription().connection().events(1, 10, 15, wrong);
        acceptSubscription();
        assertEquals(List.of(), handler.calls);
    }

    @Test
    void shouldDropTheConnectionWhenAMessageIsMalformed() throws Exception {
        client().subscribe(spec(), handler);
        acceptSubscription().connection().send("{'type':'events','ref':1,'after':10}");
        var second = acceptSubscription().connection();
        second.events(1, 10, 11, 11);
        awaitCalls(11L);
        second.send("not json");
        acceptSubscription().connection().events(1, 11, 12, 12);
        awaitCalls(11L, 12L);
    }

    @Test
    void shouldNotLoseAnEventWhenItsDataIsNestedDeeperThanCanBeRead() throws Exception {
        client().subscribe(spec(), handler);
        var first = acceptSubscription().connection();
        first.events(1, 10, 11, 11);
        awaitCalls(11L);
        first.send(eventWithData(12, "[".repeat(1_100) + "]".repeat(1_100)));
        first.send("{'type':'position','to':15,'refs':[1]}");
        first.events(1, 15, 16, 16);
        var second = acceptSubscription();
        assertEquals(11, second.after());
        assertEquals(List.of(11L), handler.calls);
        second.connection().events(1, 11, 16, 12, 16);
        awaitCalls(11L, 12L, 16L);
    }

    /** As a json column keeps a number that no BigDecimal can hold. */
    @Test
    void shouldFailLoudlyWhenTheSameMessageIsMalformedTwiceInARow() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        acceptSubscription().connection().send(eventWithData(11, "{'n':1e99999999999}"));
        acceptSubscription().connection().send(eventWithData(11, "{'n':1e99999999999}"));
        EventClientException failure = (EventClientException) failure(subscription);
        assertEquals(Code.PROTOCOL, failure.code());
        assertTrue(failure.toString().contains("orders"), failure.toString());
        assertEquals(2, listener.count("disconnected malformed"));
        assertEquals(List.of(), handler.calls);
        assertEquals(Optional.of(START), subscription.position());
    }

    @Test
    void shouldGoOnWithASubscriptionThatMovesWhenAMessageForAnotherStaysMalformed() throws Exception {
        EventClient client = client();
        RecordingHandler moving = new RecordingHandler();
        ActiveSubscription stuck = client.subscribe(spec(), handler);
        client.subscribe(spec().from(StartFrom.after(new Position("e1", 20))).named("moving"), moving);
        for (int i = 0; i < 2; i++) {
            long id = 20L + i;
            var connection = server.acceptAndWelcome();
            confirmTwo(connection, id);
            connection.events(2, id, id + 1, id + 1);
            await().until(() -> store.load("moving").equals(Optional.of(new Position("e1", id + 1))));
            connection.send(eventWithData(11, "{'n':1e99999999999}"));
        }
        assertEquals(Code.PROTOCOL, failureCode(stuck));
        var connection = server.acceptAndWelcome();
        JsonObject subscribe = connection.expect("subscribe");
        assertEquals(22, subscribe.getJsonObject("from").getInt("after"));
        connection.subscribed(subscribe, 2, "e1", 22);
        connection.events(2, 22, 23, 23);
        await().untilAsserted(() -> assertEquals(List.of(21L, 22L, 23L), moving.calls));
    }

    /** Confirms one that stands at 10 as ref 1, and one at {@code moved} as ref 2; the strands may ask in any order. */
    private static void confirmTwo(FakeServer.Connection connection, long moved) throws Exception {
        JsonObject one = connection.expect("subscribe");
        JsonObject two = connection.expect("subscribe");
        boolean inOrder = one.getJsonObject("from").getInt("after")
                <= two.getJsonObject("from").getInt("after");
        connection.subscribed(inOrder ? one : two, 1, "e1", 10);
        connection.subscribed(inOrder ? two : one, 2, "e1", moved);
    }

    private static String eventWithData(long id, String data) {
        return "{'type':'events','ref':1,'after':" + (id - 1) + ",'to':" + id + ",'items':[{'id':" + id
                + ",'at':'2026-11-24T00:00:00Z','topic':'t','type':'insert','data':" + data + "}]}";
    }

    @Test
    void shouldStopBeforeTheEventWhoseHandlerThrew() throws Exception {
        IOException thrown = new IOException("disk full");
        ActiveSubscription subscription = client().subscribe(spec(), event -> {
            handler.onEvent(event);
            if (event.id() == 12) {
                throw thrown;
            }
        });
        var accepted = acceptSubscription();
        accepted.connection().events(1, 10, 13, 11, 12, 13);
        assertSame(thrown, failure(subscription));
        assertEquals(List.of(11L, 12L), handler.calls);
        assertEquals(Optional.of(new Position("e1", 11)), subscription.position());
        assertEquals(subscription.position(), store.load("orders"));
        assertEquals(accepted.sub(), accepted.connection().expect("unsubscribe").getString("sub"));
    }

    @Test
    void shouldNotSaveAPositionBeforeItsHandlerReturned() throws Exception {
        CountDownLatch handling = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        List<Long> saved = new CopyOnWriteArrayList<>();
        AtomicInteger returned = new AtomicInteger();
        PositionStore watched = new PositionStore() {
            @Override
            public Optional<Position> load(String name) {
                return Optional.empty();
            }

            @Override
            public void save(String name, Position position) {
                assertTrue(position.id() <= 10 + returned.get(), "saved " + position + " too early");
                saved.add(position.id());
            }
        };
        ActiveSubscription subscription = client(builder().positionStore(watched))
                .subscribe(spec(), event -> {
                    if (event.id() == 12) {
                        handling.countDown();
                        release.await();
                    }
                    returned.incrementAndGet();
                });
        var connection = acceptSubscription().connection();
        connection.events(1, 10, 13, 11, 12, 13);
        connection.send("{'type':'position','to':13,'refs':[1]}");
        assertTrue(handling.await(30, TimeUnit.SECONDS));
        assertEquals(List.of(10L, 11L), saved);
        assertEquals(11, subscription.position().orElseThrow().id());
        release.countDown();
        await().until(() -> saved.contains(13L));
        assertFalse(subscription.done().toCompletableFuture().isDone());
    }

    @Test
    void shouldStopWhenAPositionCanNotBeSaved() throws Exception {
        PositionStore broken = new PositionStore() {
            @Override
            public Optional<Position> load(String name) {
                return Optional.empty();
            }

            @Override
            public void save(String name, Position position) {
                throw new IllegalStateException("no space");
            }
        };
        ActiveSubscription subscription =
                client(builder().positionStore(broken)).subscribe(spec(), handler);
        acceptSubscription();
        assertEquals("no space", failure(subscription).getMessage());
    }

    @Test
    void shouldStopAtAGapByDefaultWithThePositionBehindIt() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        var accepted = acceptSubscription();
        gap(accepted, "rewound", 5, 10, "e2", 5);
        accepted.connection().events(1, 5, 6, 6);
        assertEquals(Code.GAP, failureCode(subscription));
        assertEquals(List.of("gap 5..10"), handler.calls);
        assertEquals(Optional.of(new Position("e2", 5)), store.load("orders"));
    }

    @Test
    void shouldGoOnBehindAGapWhenAskedToEvenToASmallerId() throws Exception {
        client().subscribe(spec().onGap(GapPolicy.CONTINUE), handler);
        var accepted = acceptSubscription();
        gap(accepted, "rewound", 5, 10, "e2", 5);
        accepted.connection().events(1, 5, 7, 6, 7);
        awaitCalls("gap 5..10", 6L, 7L);
        assertEquals(1, listener.count("gap orders"));
        accepted.connection().cut();
        JsonObject from = acceptSubscription().subscribe().getJsonObject("from");
        assertEquals("e2", from.getString("epoch"));
        assertEquals(7, from.getInt("after"));
    }

    /** Only the events within the gap were said to be missing; those of the message that never came weren't. */
    @Test
    void shouldTakeAGapBeyondItsPositionForAHole() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec().onGap(GapPolicy.CONTINUE), handler);
        gap(acceptSubscription(), "rewound", 12, 20, "e2", 12);
        JsonObject from = acceptSubscription().subscribe().getJsonObject("from");
        assertEquals(START.epoch(), from.getString("epoch"));
        assertEquals(START.id(), from.getInt("after"));
        assertEquals(1, listener.count("hole orders e1:10"));
        assertEquals(List.of(), handler.calls);
        assertEquals(Optional.of(START), subscription.position());
    }

    @Test
    void shouldStayBeforeAGapWhoseHandlerThrew() throws Exception {
        EventHandler failing = new EventHandler() {
            @Override
            public void onEvent(Event event) {}

            @Override
            public void onGap(Gap gap) {
                throw new IllegalStateException("not now");
            }
        };
        ActiveSubscription subscription = client().subscribe(spec().onGap(GapPolicy.CONTINUE), failing);
        gap(acceptSubscription(), "retention", 10, 50, "e1", 50);
        assertEquals("not now", failure(subscription).getMessage());
        assertEquals(Optional.of(START), subscription.position());
    }

    private static void gap(Accepted to, String reason, long after, long end, String epoch, long resume)
            throws IOException {
        to.connection()
                .send("{'type':'gap','sub':'" + to.sub() + "','reason':'" + reason + "','after':" + after + ",'to':"
                        + end + ",'resume':{'epoch':'" + epoch + "','id':" + resume + "}}");
    }

    @Test
    void shouldTakeANewEpochWhenTheLogWasRewoundAboveItsPosition() throws Exception {
        client().subscribe(spec(), handler);
        var connection = server.acceptAndWelcome();
        connection.subscribed(connection.expect("subscribe"), 1, "e2", 10);
        connection.events(1, 10, 11, 11);
        awaitCalls(11L);
        connection.cut();
        assertEquals(
                "e2", acceptSubscription().subscribe().getJsonObject("from").getString("epoch"));
    }

    @Test
    void shouldTakeANewEpochOnTheSameConnection() throws Exception {
        client().subscribe(spec(), handler);
        var first = acceptSubscription();
        first.connection().events(1, 10, 11, 11);
        first.connection().subscribed(first.subscribe(), 1, "e2", 11);
        first.connection().events(1, 11, 12, 12);
        awaitCalls(11L, 12L);
        first.connection().cut();
        assertEquals(
                "e2", acceptSubscription().subscribe().getJsonObject("from").getString("epoch"));
    }

    @Test
    void shouldHandleNothingOfARewoundLogBeforeTheGapIsSaid() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec().onGap(GapPolicy.CONTINUE), handler);
        var first = server.acceptAndWelcome();
        first.subscribed(first.expect("subscribe"), 1, "e2", 5);
        first.send("{'type':'position','to':20,'refs':[1]}");
        var second = server.acceptAndWelcome();
        JsonObject again = second.expect("subscribe");
        assertEquals(10, again.getJsonObject("from").getInt("after"));
        assertEquals("e1", again.getJsonObject("from").getString("epoch"));
        second.subscribed(again, 1, "e2", 5);
        gap(new Accepted(second, again), "rewound", 5, 10, "e2", 5);
        second.events(1, 5, 7, 6, 7);
        awaitCalls("gap 5..10", 6L, 7L);
        await().until(() -> subscription.position().equals(Optional.of(new Position("e2", 7))));
    }

    @Test
    void shouldRefuseAnEventWithoutItsContentUnlessTheHandlerTakesIt() throws Exception {
        String item = "{'id':11,'at':'2026-11-24T00:00:00Z','topic':'t','type':'insert','omitted':['data'],'bytes':9}";
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        acceptSubscription().connection().send("{'type':'events','ref':1,'after':10,'to':11,'items':[" + item + "]}");
        assertEquals(Code.OMITTED, failureCode(subscription));
        assertEquals(Optional.of(START), subscription.position());
        assertEquals(List.of(), handler.calls);
    }

    @Test
    void shouldEndWithTheServersReasonWhenItUnsubscribes() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        var accepted = acceptSubscription();
        accepted.connection().send("{'type':'unsubscribed','sub':'" + accepted.sub() + "','at':10,'reason':'rights'}");
        assertEquals(Code.UNSUBSCRIBED, failureCode(subscription));
    }

    @Test
    void shouldAcknowledgeWhatIsHandledAndNothingElse() throws Exception {
        Semaphore permits = new Semaphore(0);
        client().subscribe(spec().window(8), event -> permits.acquire());
        var connection = acceptSubscription().connection();
        connection.events(1, 10, 14, 11, 12, 13, 14);
        connection.events(1, 14, 18, 15, 16, 17, 18);
        permits.release(2);
        assertEquals(12, connection.nextAck());
        assertEquals(List.of(), connection.unread());
        permits.release(6);
        await().until(() -> connection.unread().stream().anyMatch(ack -> ack.getInt("at") == 18));
    }

    @Test
    void shouldKeepAnsweringTheServerWhileAHandlerBlocks() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        EventClient client = client();
        RecordingHandler other = new RecordingHandler();
        client.subscribe(spec().named("slow"), event -> release.await());
        var connection = server.acceptAndWelcome();
        connection.subscribed(connection.expect("subscribe"), 1, "e1", 10);
        connection.events(1, 10, 11, 11);
        client.subscribe(spec().named("quick"), other);
        connection.subscribed(connection.expect("subscribe"), 2, "e1", 10);
        for (int to = 12; to < 500; to++) {
            connection.send("{'type':'position','to':" + to + ",'refs':[1]}");
        }
        connection.events(2, 10, 11, 11);
        await().until(() -> other.calls.size() == 1);
        release.countDown();
        await().until(() -> store.load("slow").equals(Optional.of(new Position("e1", 499))));
        // 10, 11 and the last: the others were merged while they waited.
        assertTrue(listener.count("saved slow") <= 4, listener.told.toString());
    }

    @Test
    void shouldDropAServerThatSendsFarMoreThanTheWindow() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        client().subscribe(spec().window(2), event -> {
            release.await();
            handler.onEvent(event);
        });
        var first = acceptSubscription().connection();
        first.events(1, 10, 12, 11, 12);
        first.events(1, 12, 14, 13, 14);
        first.events(1, 14, 16, 15, 16);
        first.events(1, 16, 18, 17, 18);
        first.closeCode();
        await().until(() -> listener.count("disconnected subscription orders: more events") == 1);
        release.countDown();
        var second = acceptSubscription();
        for (long id = second.after() + 1; id <= 14; id++) {
            second.connection().events(1, id - 1, id, id);
        }
        awaitCalls(11L, 12L, 13L, 14L);
    }

    @ParameterizedTest
    @ValueSource(ints = {9 << 20, 30 << 20})
    void shouldTakeMessagesUpToTheLargestAndStopAtALargerOne(int tooLarge) throws Exception {
        ActiveSubscription subscription =
                client(builder().maxMessageBytes(8 << 20)).subscribe(spec(), handler);
        var accepted = acceptSubscription();
        assertEquals(8 << 20, accepted.subscribe().getInt("maxMessage"));
        accepted.connection().send(large(11, 6 << 20));
        awaitCalls(11L);
        accepted.connection().send(large(12, tooLarge));
        assertEquals(Code.MESSAGE_TOO_LARGE, failureCode(subscription));
    }

    private static String large(long id, int bytes) {
        return "{'type':'events','ref':1,'after':" + (id - 1) + ",'to':" + id + ",'items':[{'id':" + id
                + ",'at':'2026-11-24T00:00:00Z','topic':'t','type':'x','data':'" + "x".repeat(bytes) + "'}]}";
    }

    @Test
    void shouldEndWhenTheExecutorTakesNoMore() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        ActiveSubscription subscription = client(builder().executor(executor)).subscribe(spec(), handler);
        var connection = acceptSubscription().connection();
        connection.events(1, 10, 11, 11);
        awaitCalls(11L);
        executor.shutdown();
        connection.events(1, 11, 12, 12);
        assertEquals(Code.EXECUTOR, failureCode(subscription));
    }
}
