package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Protocol v1 as a client sees it, over a real socket. */
class ConversationTest {
    private final Served served = Served.withDefaults();
    private final TestClient client = TestClient.open(served.port());

    @AfterEach
    void close() {
        client.close();
        served.close();
    }

    @Test
    void shouldSayWhatItServesWhenConnected() {
        JsonObject welcome = client.next("welcome");

        assertEquals("everafter.v1", welcome.getString("protocol"));
        assertTrue(welcome.getString("server").startsWith("everafter"));
        assertEquals("everafter", welcome.getString("log"));
        assertEquals(served.log.range().epoch(), welcome.getString("epoch"));
        assertEquals(0, welcome.getJsonNumber("head").longValue());
        assertEquals(0, welcome.getJsonNumber("oldest").longValue());
        assertEquals(15_000, welcome.getInt("heartbeatMs"));
        assertEquals(64, welcome.getJsonObject("limits").getInt("subscriptions"));
        assertEquals(1 << 20, welcome.getJsonObject("limits").getInt("maxMessage"));
    }

    @Test
    void shouldSendWhatHappensWhenSubscribedFromNow() {
        long before = served.append("a");
        served.awaitHead();
        client.next("welcome");
        JsonObject subscribed = client.subscribe("s");

        long id = served.append("a", "{'total':1.50}");
        JsonObject events = client.next("events");

        assertEquals("s", subscribed.getString("sub"));
        assertEquals(before, id(subscribed, "after"));
        assertEquals(subscribed.getInt("ref"), events.getInt("ref"));
        assertEquals(before, id(events, "after"));
        assertEquals(id, id(events, "to"));
        JsonObject item = events.getJsonArray("items").getJsonObject(0);
        assertEquals(id, id(item, "id"));
        assertEquals("a", item.getString("topic"));
        assertEquals("{\"total\":1.50}", item.getJsonObject("data").toString());
    }

    @Test
    void shouldSendAllWhenSubscribedFromStart() {
        long first = served.append("a");
        long second = served.append("b");
        served.awaitHead();
        client.next("welcome");
        client.send("{'type':'subscribe','sub':'s','from':'start'}");

        assertEquals(0, id(client.next("subscribed"), "after"));
        assertEquals(List.of(first, second), ids(client.skipTo("events")));
    }

    @Test
    void shouldSendTheRestWhenSubscribedAfterAPosition() {
        long first = served.append("a");
        long second = served.append("b");
        client.next("welcome");
        client.send("{'type':'subscribe','sub':'s','from':{'after':" + first + ",'epoch':'"
                + served.log.range().epoch() + "'}}");

        assertEquals(first, id(client.next("subscribed"), "after"));
        assertEquals(List.of(second), ids(client.skipTo("events")));
    }

    @Test
    void shouldSendTheRestWhenSubscribedAfterAnIdWithoutEpoch() {
        long first = served.append("a");
        long second = served.append("b");
        client.next("welcome");
        client.send("{'type':'subscribe','sub':'s','from':{'after':" + first + "}}");

        assertEquals(served.log.range().epoch(), client.next("subscribed").getString("epoch"));
        assertEquals(List.of(second), ids(client.skipTo("events")));
    }

    @Test
    void shouldSendAtLeastWhatIsNewerWhenSubscribedFromATime() {
        long first = served.append("a");
        client.next("welcome");
        client.send("{'type':'subscribe','sub':'s','from':{'time':'2020-01-01T00:00:00Z'}}");

        client.next("subscribed");
        assertEquals(List.of(first), ids(client.skipTo("events")));
    }

    @Test
    void shouldSendOnlyMatchesWhenFiltered() {
        client.next("welcome");
        client.send("{'type':'subscribe','sub':'s','where':[['topic','=','b'],['data.n','in',[1,2]]]}");
        client.skipTo("caughtUp");

        served.append("a", "{'n':1}");
        served.append("b", "{'n':3}");
        long match = served.append("b", "{'n':2}");
        JsonObject events = client.next("events");

        assertEquals(List.of(match), ids(events));
        assertEquals(0, id(events, "after"));
    }

    @Test
    void shouldGiveEachItsOwnRefWhenSubscribedTwice() {
        client.next("welcome");
        int first = client.subscribe("one").getInt("ref");
        int second = client.subscribe("two").getInt("ref");

        served.append("a");
        int[] refs = {client.next("events").getInt("ref"), client.next("events").getInt("ref")};

        assertNotEquals(first, second);
        assertEquals(first + second, refs[0] + refs[1]);
        assertNotEquals(refs[0], refs[1]);
    }

    @Test
    void shouldFreeTheNameWhenUnsubscribed() {
        client.next("welcome");
        client.subscribe("s");
        long id = served.append("a");
        client.next("events");

        client.send("{'type':'unsubscribe','sub':'s'}");
        JsonObject last = client.next("unsubscribed");
        served.append("a");
        client.send("{'type':'subscribe','sub':'s','from':{'after':" + id(last, "at") + "}}");

        assertEquals(id, id(last, "at"));
        assertEquals("requested", last.getString("reason"));
        assertEquals(id, id(client.next("subscribed"), "after"));
        assertEquals(id, id(client.skipTo("events"), "after"));
    }

    @Test
    void shouldAnswerWhenPinged() {
        client.next("welcome");
        client.send("{'type':'ping','nonce':'x1'}");
        client.send("{'type':'ping','nonce':17}");
        client.send("{'type':'ping'}");

        assertEquals("x1", client.next("pong").getString("nonce"));
        assertEquals(17, client.next("pong").getInt("nonce"));
        assertFalse(client.next("pong").containsKey("nonce"));
    }

    @Test
    void shouldPutAWholeTransactionInOneMessageWhenItFits() {
        client.next("welcome");
        client.subscribe("s");

        served.log.append(List.of(change("a"), change("b"), change("c")));
        JsonObject events = client.next("events");

        assertEquals(3, events.getJsonArray("items").size());
        assertTrue(events.getJsonArray("items").getJsonObject(2).getBoolean("last"));
    }

    @Test
    void shouldSendNoMoreThanTheBatchWhenAskedFor() {
        client.next("welcome");
        // in one step, so that the hub's head can't lie between them
        served.log.append(Collections.nCopies(7, change("a")));
        client.send("{'type':'subscribe','sub':'s','from':'start','batch':3}");

        assertEquals(List.of(1L, 2L, 3L), ids(client.skipTo("events")));
        JsonObject second = client.skipTo("events");
        assertEquals(List.of(4L, 5L, 6L), ids(second));
        assertEquals(3, id(second, "after"));
        assertEquals(List.of(7L), ids(client.skipTo("events")));
    }

    private static dev.everafter.core.InMemoryEventLog.Change change(String topic) {
        return dev.everafter.core.InMemoryEventLog.Change.of(topic, "t", dev.everafter.core.RawJson.of("{}"));
    }

    static long id(JsonObject message, String name) {
        return message.getJsonNumber(name).longValueExact();
    }

    static List<Long> ids(JsonObject events) {
        return events.getJsonArray("items").getValuesAs(JsonObject.class).stream()
                .map(item -> id(item, "id"))
                .toList();
    }
}
