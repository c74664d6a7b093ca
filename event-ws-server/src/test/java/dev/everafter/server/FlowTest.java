package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.server.ConversationTest.ids;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Positions, windows, gaps and limits over a real socket. */
class FlowTest {
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private <T extends AutoCloseable> T keep(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    // ---- positions

    @Test
    void shouldTellThePositionAtTheHeartbeatWhenNothingMatches() {
        Served served = keep(Served.with(options -> options.heartbeat(Duration.ofMillis(200))));
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'quiet','where':['topic','=','none']}");
        int quiet = client.skipTo("subscribed").getInt("ref");
        client.send("{'type':'subscribe','sub':'busy'}");
        int busy = client.skipTo("subscribed").getInt("ref");
        client.skipTo("caughtUp");

        long id = served.append("a");

        // A heartbeat in between may tell of the quiet one first.
        boolean delivered = false;
        boolean told = false;
        while (!delivered || !told) {
            JsonObject message = client.next();
            if (message.getString("type").equals("events")) {
                assertEquals(busy, message.getInt("ref"));
                delivered = true;
            } else if (!message.getJsonArray("refs").isEmpty()) {
                assertEquals("[" + quiet + "]", message.getJsonArray("refs").toString());
                assertEquals(id, id(message, "to"));
                told = true;
            }
        }
    }

    @Test
    void shouldTellOnePositionForAllThatAreThereWhenTheyAreEqual() {
        Served served = keep(Served.with(options -> options.heartbeat(Duration.ofMillis(100))));
        TestClient client = keep(TestClient.welcomed(served.port()));
        for (String sub : List.of("a", "b", "c")) {
            client.send("{'type':'subscribe','sub':'" + sub + "','where':['topic','=','none']}");
            client.skipTo("caughtUp");
        }

        // A heartbeat in the middle of the append finds some of them there and some not yet: both are told, apart.
        Set<String> refs = Set.of();
        for (int tries = 0; tries < 20 && !refs.equals(Set.of("[1,2,3]")); tries++) {
            refs = refsToldAt(served.append("other"), client);
        }
        assertEquals(Set.of("[1,2,3]"), refs);
    }

    /** As told up to the one that says that all three are there. */
    private static Set<String> refsToldAt(long id, TestClient client) {
        Set<String> told = new HashSet<>();
        int count = 0;
        while (count < 3) {
            JsonObject position = client.next("position");
            if (!position.getJsonArray("refs").isEmpty()) {
                assertEquals(id, id(position, "to"));
                told.add(position.getJsonArray("refs").toString());
                count += position.getJsonArray("refs").size();
            }
        }
        return told;
    }

    @Test
    void shouldSaySomethingAtEachHeartbeatWhenThereIsNothingToSay() {
        Served served = keep(Served.with(options -> options.heartbeat(Duration.ofMillis(50))));
        TestClient client = keep(TestClient.welcomed(served.port()));

        for (int i = 0; i < 3; i++) {
            JsonObject position = client.next("position");
            assertTrue(position.getJsonArray("refs").isEmpty());
            assertEquals(0, id(position, "to"));
        }
    }

    @Test
    void shouldBeginNoLaterThanThePositionItToldWhenAnEventFollows() {
        Served served = keep(Served.with(options -> options.heartbeat(Duration.ofMillis(100))));
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','where':['topic','=','mine']}");
        client.skipTo("caughtUp");
        long passed = served.append("other");
        JsonObject position = client.skipTo("position");
        while (position.getJsonArray("refs").isEmpty()) {
            position = client.skipTo("position");
        }
        assertEquals(passed, id(position, "to"));

        served.append("mine");

        JsonObject events = client.skipTo("events");
        assertTrue(id(events, "after") <= passed, events::toString);
        assertTrue(id(events, "to") > passed, events::toString);
    }

    @Test
    void shouldContinueThePositionItToldWhenPagesWithoutMatchesLieBetween() {
        Served served =
                keep(Served.with(options -> options, hub -> hub.tailBytes(0).pageEvents(20)));
        LongStream.range(0, 100).forEach(i -> served.append("other"));
        long match = served.append("mine");
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','where':['topic','=','mine'],'from':{'after':5}}");

        assertEquals(5, id(client.next("subscribed"), "after"));
        JsonObject events = client.skipTo("events");
        assertEquals(5, id(events, "after"));
        assertEquals(List.of(match), ids(events));
    }

    // ---- window

    @Test
    void shouldSendNoMoreThanTheWindowUntilAcked() {
        Served served = keep(Served.with(options -> options.heartbeat(Duration.ofMillis(100))));
        for (int i = 0; i < 10; i++) {
            served.append("a");
        }
        served.awaitHead();
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','from':'start','window':4}");

        assertEquals(List.of(1L, 2L, 3L, 4L), ids(client.skipTo("events")));
        // Heartbeats go on, and say nothing of what the window holds back.
        assertTrue(client.next("position").getJsonArray("refs").isEmpty());
        assertTrue(client.next("position").getJsonArray("refs").isEmpty());
        client.send("{'type':'ack','sub':'s','at':2}");
        assertEquals(List.of(5L, 6L), ids(client.skipTo("events")));
        client.send("{'type':'ack','sub':'s','at':5}");
        client.send("{'type':'ack','sub':'s','at':6}");
        List<Long> rest = new ArrayList<>();
        while (rest.size() < 4) {
            rest.addAll(ids(client.skipTo("events")));
        }
        assertEquals(List.of(7L, 8L, 9L, 10L), rest);
    }

    @Test
    void shouldAnswerAPingWhenTheWindowIsUsedUp() {
        Served served = keep(Served.withDefaults());
        served.append("a");
        served.append("a");
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','from':'start','window':1}");
        assertEquals(List.of(1L), ids(client.skipTo("events")));

        client.send("{'type':'ping','nonce':1}");

        assertEquals(1, client.skipTo("pong").getInt("nonce"));
        client.send("{'type':'ack','sub':'s','at':1}");
        assertEquals(List.of(2L), ids(client.skipTo("events")));
    }

    @Test
    void shouldRefuseAnAckWhenItIsBeyondWhatWasSent() {
        Served served = keep(Served.withDefaults());
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.subscribe("s");
        client.send("{'type':'ack','sub':'s','at':7}");

        JsonObject error = client.next("error");
        assertEquals("ack_ahead", error.getString("code"));
        assertEquals("s", error.getString("sub"));
        assertFalse(error.getBoolean("retry"));
    }

    // ---- gaps

    @Test
    void shouldStopAtAGapWhenNothingElseWasAskedFor() {
        Served served = keep(Served.with(options -> options, hub -> hub.tailBytes(0)));
        LongStream.range(0, 5).forEach(i -> served.append("a"));
        served.awaitHead();
        served.log.prune(3);
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','from':{'after':1}}");

        assertEquals(1, id(client.next("subscribed"), "after"));
        JsonObject gap = client.next("gap");
        assertEquals("retention", gap.getString("reason"));
        assertEquals(1, id(gap, "after"));
        assertEquals(3, id(gap, "to"));
        assertEquals(3, id(gap.getJsonObject("resume"), "id"));
        JsonObject end = client.next("unsubscribed");
        assertEquals("gap", end.getString("reason"));
        assertEquals(3, id(end, "at"));
        client.subscribe("s");
    }

    @Test
    void shouldGoOnAfterAGapWhenAskedTo() {
        Served served = keep(Served.with(options -> options, hub -> hub.tailBytes(0)));
        LongStream.range(0, 5).forEach(i -> served.append("a"));
        served.awaitHead();
        served.log.prune(3);
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','from':{'after':1},'onGap':'continue'}");

        client.next("subscribed");
        assertEquals(3, id(client.next("gap").getJsonObject("resume"), "id"));
        JsonObject events = client.skipTo("events");
        assertEquals(3, id(events, "after"));
        assertEquals(List.of(4L, 5L), ids(events));
    }

    @Test
    void shouldTakeThePositionBackWhenTheLogWasRewound() {
        Served served = keep(Served.withDefaults());
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','onGap':'continue','window':5}");
        client.skipTo("caughtUp");
        LongStream.range(0, 3).forEach(i -> served.append("a"));
        for (long at = 0; at < 3; ) {
            at = id(client.next("events"), "to");
        }

        served.log.rewind(1);
        JsonObject gap = client.next("gap");
        assertEquals("rewound", gap.getString("reason"));
        assertEquals(1, id(gap, "after"));
        assertEquals(3, id(gap, "to"));
        assertEquals(1, id(gap.getJsonObject("resume"), "id"));
        String epoch = served.log.range().epoch();
        assertEquals(epoch, gap.getJsonObject("resume").getString("epoch"));

        // An ack that crossed the gap on its way is no offence.
        client.send("{'type':'ack','sub':'s','at':3}");
        long again = served.append("b");
        JsonObject events = client.skipTo("events");
        assertEquals(1, id(events, "after"));
        assertEquals(List.of(again), ids(events));
    }

    @Test
    void shouldNameTheNewEpochWhenARewoundLogLeavesTheSubscriptionWhereItIs() {
        Served served = keep(Served.with(options -> options.heartbeat(Duration.ofMillis(100))));
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s'}");
        JsonObject before = client.skipTo("subscribed");
        client.skipTo("caughtUp");
        long id = served.append("a");
        client.skipTo("events");

        served.log.rewind(id);
        long next = served.append("b");

        JsonObject again = client.skipTo("subscribed");
        assertEquals(served.log.range().epoch(), again.getString("epoch"));
        assertEquals(before.getInt("ref"), again.getInt("ref"));
        assertEquals(id, id(again, "after"));
        assertEquals(List.of(next), ids(client.skipTo("events")));
    }

    // ---- size

    @Test
    void shouldSplitABatchWhenItIsLargerThanAMessage() {
        Served served = keep(Served.withDefaults());
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','maxMessage':2048}");
        client.skipTo("caughtUp");

        String filler = "\"" + "x".repeat(700) + "\"";
        served.log.append(List.of(change(filler), change(filler), change(filler), change(filler), change(filler)));

        List<Long> got = new ArrayList<>();
        long at = 0;
        while (got.size() < 5) {
            JsonObject events = client.next("events");
            assertTrue(
                    events.toString().length() <= 2048,
                    () -> "message of " + events.toString().length());
            assertEquals(at, id(events, "after"));
            at = id(events, "to");
            got.addAll(ids(events));
        }
        assertEquals(List.of(1L, 2L, 3L, 4L, 5L), got);
    }

    @Test
    void shouldLeaveTheDataOutWhenAnEventIsLargerThanAMessage() {
        Served served = keep(Served.withDefaults());
        TestClient client = keep(TestClient.welcomed(served.port()));
        client.send("{'type':'subscribe','sub':'s','maxMessage':2048}");
        client.skipTo("caughtUp");

        RawJson large = RawJson.of("{\"text\":\"" + "\u00e4".repeat(1500) + "\"}");
        served.log.append(List.of(Change.update("t", RawJson.of("{\"id\":1}"), large, large)));
        served.append("t");

        JsonObject events = client.next("events");
        JsonObject item = events.getJsonArray("items").getJsonObject(0);
        assertEquals("[\"data\",\"old\"]", item.getJsonArray("omitted").toString());
        assertEquals("{\"id\":1}", item.getJsonObject("key").toString());
        assertFalse(item.containsKey("data"));
        assertTrue(item.getInt("bytes") > 6000);
        assertEquals(1, id(item, "id"));
        // The position moves on.
        assertEquals(2, id(events.getJsonArray("items").size() == 2 ? events : client.next("events"), "to"));
    }

    private static Change change(String data) {
        return Change.of("t", "t", RawJson.of(data));
    }
}
