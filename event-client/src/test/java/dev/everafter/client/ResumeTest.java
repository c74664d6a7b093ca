package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.client.EventClientException.Code;
import dev.everafter.core.Attribute;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Position;
import dev.everafter.core.StartFrom;
import dev.everafter.core.Value;
import jakarta.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Beginning, coming back, and not coming back. */
class ResumeTest extends ClientFixture {
    @Test
    void shouldSendBearerTokenAndSubprotocolAndShowTheTokenNowhere() throws Exception {
        EventClient client = client(builder().token("s3cret"));
        client.subscribe(spec(), handler);
        var connection = server.accept();
        assertEquals("Bearer s3cret", connection.header("Authorization"));
        assertEquals("everafter.v1", connection.header("Sec-WebSocket-Protocol"));
        assertFalse(client.toString().contains("s3cret"));
        assertFalse(new Token("s3cret").toString().contains("s3cret"));
    }

    @Test
    void shouldAskForWhatTheSubscriptionSays() throws Exception {
        client().subscribe(
                        Subscription.where(Filter.eq(Attribute.TOPIC, Value.of("public.orders")))
                                .from(StartFrom.time(Instant.parse("2026-11-24T00:00:00Z")))
                                .onGap(GapPolicy.CONTINUE)
                                .window(7),
                        handler);
        JsonObject subscribe = server.acceptAndWelcome().expect("subscribe");
        assertEquals(
                "[\"topic\",\"=\",\"public.orders\"]",
                subscribe.getJsonArray("where").toString());
        assertEquals("2026-11-24T00:00:00Z", subscribe.getJsonObject("from").getString("time"));
        assertEquals("continue", subscribe.getString("onGap"));
        assertEquals(7, subscribe.getInt("window"));
    }

    @Test
    void shouldHandleEveryEventInOrderWithItsContent() throws Exception {
        var seen = new java.util.concurrent.CopyOnWriteArrayList<Event>();
        client().subscribe(spec(), seen::add);
        var accepted = acceptSubscription();
        accepted.connection().events(1, 10, 15, 11, 13);
        accepted.connection().events(1, 15, 16, 16);
        await().until(() -> seen.size() == 3);
        assertEquals(11, seen.get(0).id());
        assertEquals("{\"n\":13}", seen.get(1).data().orElseThrow().toString());
        assertEquals(Instant.parse("2026-11-24T00:00:00.000001Z"), seen.get(1).at());
        assertTrue(seen.get(2).last());
    }

    @Test
    void shouldResumeFromTheStoredPositionRatherThanTheStart() throws Exception {
        store.save("orders", new Position("e7", 42));
        client().subscribe(spec(), handler);
        JsonObject from = server.acceptAndWelcome().expect("subscribe").getJsonObject("from");
        assertEquals(42, from.getInt("after"));
        assertEquals("e7", from.getString("epoch"));
    }

    @Test
    void shouldLearnItsStartFromTheServerAndKeepIt() throws Exception {
        ActiveSubscription subscription = client().subscribe(Subscription.all().named("orders"), handler);
        assertEquals(Optional.empty(), subscription.position());
        var connection = server.acceptAndWelcome();
        JsonObject subscribe = connection.expect("subscribe");
        assertEquals("now", subscribe.getString("from"));
        connection.subscribed(subscribe, 1, "e1", 99);
        await().until(() -> store.load("orders").equals(Optional.of(new Position("e1", 99))));
        connection.cut();
        assertEquals(99, acceptSubscription().after());
    }

    @Test
    void shouldResumeFromTheLastHandledEventWhenReceivedOnesWereNotHandled() throws Exception {
        CountDownLatch handling = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        client().subscribe(spec(), event -> {
            handler.onEvent(event);
            if (event.id() == 12) {
                handling.countDown();
                release.await();
            }
        });
        var first = acceptSubscription();
        first.connection().events(1, 10, 12, 11, 12);
        first.connection().events(1, 12, 14, 13, 14);
        assertTrue(handling.await(30, TimeUnit.SECONDS));
        first.connection().cut();
        var connection = server.acceptAndWelcome();
        release.countDown();
        JsonObject subscribe = connection.expect("subscribe");
        assertEquals(12, subscribe.getJsonObject("from").getInt("after"));
        connection.subscribed(subscribe, 1, "e1", 12);
        connection.events(1, 12, 15, 13, 14, 15);
        awaitCalls(11L, 12L, 13L, 14L, 15L);
    }

    @Test
    void shouldSkipEventsThatItHasHandledWhenTheServerRepeatsThem() throws Exception {
        client().subscribe(spec(), handler);
        var first = acceptSubscription().connection();
        first.events(1, 10, 12, 11, 12);
        first.events(1, 10, 13, 11, 12, 13);
        awaitCalls(11L, 12L, 13L);
        await().until(() -> listener.told.contains("repeats orders 2"));
    }

    @Test
    void shouldAdvanceOverWhatDidNotMatch() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        var accepted = acceptSubscription();
        accepted.connection().send("{'type':'position','to':500,'refs':[3,1]}");
        await().until(() -> store.load("orders").equals(Optional.of(new Position("e1", 500))));
        accepted.connection().send("{'type':'position','to':400,'refs':[1]}");
        accepted.connection().events(1, 500, 501, 501);
        awaitCalls(501L);
        assertEquals(501, subscription.position().orElseThrow().id());
    }

    @Test
    void shouldIgnoreWhatItDoesNotKnow() throws Exception {
        client().subscribe(spec(), handler);
        var accepted = acceptSubscription();
        accepted.connection().send("{'type':'weather','sub':'s1'}");
        accepted.connection().send("{'type':'queued','sub':'s1','ahead':3}");
        accepted.connection().events(77, 0, 5, 5);
        accepted.connection().send("{'type':'caughtUp','sub':'s1','at':10}");
        accepted.connection().events(1, 10, 11, 11);
        awaitCalls("caughtUp 10", 11L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1001, 1011, 1012, 1013, 4408, 4409, 4429})
    void shouldResumeAfterCloseCode(int code) throws Exception {
        client().subscribe(spec(), handler);
        var first = acceptSubscription();
        first.connection().events(1, 10, 11, 11);
        awaitCalls(11L);
        first.connection().close(code, "");
        assertEquals(11, acceptSubscription().after());
    }

    @ParameterizedTest
    @CsvSource({"4401,UNAUTHORIZED", "4403,FORBIDDEN", "4400,PROTOCOL", "1009,MESSAGE_TOO_LARGE"})
    void shouldStopWithANameWhenComingBackWouldNotHelp(int code, Code expected) throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        acceptSubscription().connection().close(code, "because");
        EventClientException failure = (EventClientException) failure(subscription);
        assertEquals(expected, failure.code());
        assertTrue(failure.toString().contains("because"), failure.toString());
        assertFalse(server.hasConnection());
    }

    @ParameterizedTest
    @CsvSource({"401,UNAUTHORIZED", "403,FORBIDDEN"})
    void shouldStopWhenTheHandshakeIsRefusedForGood(int status, Code expected) throws Exception {
        server.refuseWith(status);
        assertEquals(expected, failureCode(client().subscribe(spec(), handler)));
    }

    @Test
    void shouldGoOnTryingWhenTheHandshakeIsRefusedForNow() throws Exception {
        server.refuseWith(503);
        client().subscribe(spec(), handler);
        await().until(() -> listener.count("disconnected no connection") >= 2);
        server.refuseWith(0);
        acceptSubscription().connection().events(1, 10, 11, 11);
        awaitCalls(11L);
    }

    @Test
    void shouldServeANewSubscriptionWhenAnEarlierOneWasStopped() throws Exception {
        EventClient client = client();
        ActiveSubscription refused = client.subscribe(spec(), handler);
        acceptSubscription().connection().close(4401, "expired");
        failure(refused);
        client.subscribe(spec(), handler);
        acceptSubscription().connection().events(1, 10, 11, 11);
        awaitCalls(11L);
    }

    @Test
    void shouldEndTheSubscriptionWhenTheServerRefusesIt() throws Exception {
        ActiveSubscription subscription = client().subscribe(spec(), handler);
        var connection = server.acceptAndWelcome();
        String sub = connection.expect("subscribe").getString("sub");
        connection.send(
                "{'type':'error','sub':'" + sub + "','code':'epoch_unknown','message':'no epoch e1','retry':false}");
        assertEquals(Code.REFUSED, failureCode(subscription));
    }

    @Test
    void shouldSubscribeAgainUnderANewNameWhenTheServerSaysItMay() throws Exception {
        client().subscribe(spec(), handler);
        var connection = server.acceptAndWelcome();
        String sub = connection.expect("subscribe").getString("sub");
        connection.send(
                "{'type':'error','sub':'" + sub + "','code':'position_ahead','message':'not there yet','retry':true}");
        JsonObject again = connection.expect("subscribe");
        assertFalse(again.getString("sub").equals(sub));
        connection.subscribed(again, 5, "e1", 10);
        connection.events(5, 10, 11, 11);
        awaitCalls(11L);
    }

    @Test
    void shouldCarryTwoSubscriptionsOnOneConnection() throws Exception {
        EventClient client = client();
        RecordingHandler other = new RecordingHandler();
        client.subscribe(spec(), handler);
        client.subscribe(
                Subscription.where(Filter.topic("others"))
                        .from(StartFrom.after(new Position("e1", 10)))
                        .named("others"),
                other);
        var connection = server.acceptAndWelcome();
        // Which of them is asked for first is nobody's promise.
        for (int i = 0; i < 2; i++) {
            JsonObject asked = connection.expect("subscribe");
            connection.subscribed(asked, asked.toString().contains("others") ? 2 : 1, "e1", 10);
        }
        connection.events(2, 10, 12, 12);
        connection.events(1, 10, 11, 11);
        awaitCalls(11L);
        await().until(() -> other.calls.equals(List.of(12L)));
        assertFalse(server.hasConnection());
    }
}
