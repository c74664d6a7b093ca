package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Batch;
import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sessions send each other's bytes where they are the same, and never where they are not. */
class SharedMessagesTest {
    private final Served served = Served.withDefaults();
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : opened) {
            each.close();
        }
        served.close();
    }

    private RawClient subscribed(String members) throws IOException {
        RawClient client = new RawClient(served.port(), 1 << 16);
        opened.add(client);
        client.upgrade("localhost", Map.of());
        client.send("{'type':'subscribe','sub':'s'" + members + "}");
        skipTo("caughtUp", client);
        return client;
    }

    private static String skipTo(String type, RawClient client) throws IOException {
        String text = client.read();
        while (!text.contains("\"type\":\"" + type + "\"")) {
            assertFalse(text.startsWith("close") || text.equals("eof"), text);
            text = client.read();
        }
        return text;
    }

    @Test
    void shouldSendTheSameMessageToAllWhoAskForTheSame() throws IOException {
        RawClient one = subscribed("");
        RawClient other = subscribed("");
        served.append("a", "{'text':'äöü'}");

        String events = skipTo("events", one);

        assertTrue(events.contains("äöü"), events);
        assertEquals(events, skipTo("events", other));
        assertTrue(served.hub.encodedBytes() > 0);
    }

    @Test
    void shouldKeepEachToTheSizeThatItAskedForThoughOthersTakeMore() throws IOException {
        RawClient large = subscribed("");
        RawClient alike = subscribed("");
        RawClient small = subscribed(",'maxMessage':1024");
        served.append("a", "{'text':'" + "x".repeat(2_000) + "'}");

        String whole = skipTo("events", large);
        String without = skipTo("events", small);

        assertEquals(whole, skipTo("events", alike));
        assertFalse(whole.contains("omitted"), whole);
        assertTrue(without.contains("\"omitted\":[\"data\"]"), without);
        assertTrue(without.length() <= 1024, without);
    }

    @Test
    void shouldKeepEachToItsSelectionThoughOthersSeeMore() throws IOException {
        subscribed("");
        RawClient all = subscribed("");
        subscribed(",'where':['topic','=','b']");
        RawClient some = subscribed(",'where':['topic','=','b']");
        served.append("a");
        served.append("b");

        String first = skipTo("events", all);
        String mine = skipTo("events", some);

        assertTrue(first.contains("\"topic\":\"a\""), first);
        assertFalse(mine.contains("\"topic\":\"a\""), mine);
        assertTrue(mine.contains("\"topic\":\"b\""), mine);
    }

    @Test
    void shouldNameEqualSubscriptionsOfOneConnectionApart() {
        try (TestClient client = TestClient.welcomed(served.port());
                TestClient other = TestClient.welcomed(served.port())) {
            int first = client.subscribe("one").getInt("ref");
            int second = client.subscribe("two").getInt("ref");
            int shared = other.subscribe("three").getInt("ref");
            assertNotEquals(first, second);
            assertEquals(first, shared);

            long id = served.append("a");

            JsonObject one = client.skipTo("events");
            JsonObject two = client.skipTo("events");
            assertEquals(first + second, one.getInt("ref") + two.getInt("ref"));
            assertNotEquals(one.getInt("ref"), two.getInt("ref"));
            assertEquals(id, ConversationTest.id(other.skipTo("events"), "to"));
        }
    }

    /** The window is the subscriber's own; what fits into it may be shared. */
    @Test
    void shouldKeepEachToItsWindowThoughOthersHaveNone() {
        try (TestClient free = TestClient.welcomed(served.port());
                TestClient bound = TestClient.welcomed(served.port())) {
            free.subscribe("s");
            bound.send("{'type':'subscribe','sub':'s','window':3}");
            bound.skipTo("caughtUp");
            for (int i = 0; i < 5; i++) {
                served.append("a");
            }

            assertEquals(5, takeUpTo(5, free));
            assertEquals(3, takeUpTo(3, bound));
            bound.send("{'type':'ping','nonce':'x'}");
            assertEquals("pong", bound.next().getString("type"), "beyond the window nothing comes");
            bound.send("{'type':'ack','sub':'s','at':3}");
            assertEquals(5, takeUpTo(5, bound));
        }
    }

    private static long takeUpTo(long id, TestClient client) {
        long at = 0;
        while (at < id) {
            at = ConversationTest.id(client.skipTo("events"), "to");
        }
        return at;
    }

    @Test
    void shouldTellWhereTheClientIsWhenTheBatchBeginsLater() {
        Batch batch = new Batch(
                20,
                30,
                List.of(Event.builder(25, "t", "insert").data(RawJson.of("{}")).build()));
        EventsMessages messages = new EventsMessages(7, 2_000, Optional.empty());

        String shared = batch.encoded(messages).parts().get(0).message().text();
        String own = messages.encode(10, batch).parts().get(0).message().text();

        assertTrue(shared.startsWith("{\"type\":\"events\",\"ref\":7,\"after\":20,\"to\":30,"), shared);
        assertEquals(shared.replace("\"after\":20", "\"after\":10"), own);
    }

    /** What encodes alike is shared: a larger limit's message would be too large for the other. */
    @Test
    void shouldEncodeAnewWhenARefOrALimitDiffers() {
        EventsMessages messages = new EventsMessages(7, 2_000, Optional.empty());
        assertEquals(messages, new EventsMessages(7, 2_000, Optional.empty()));
        assertNotEquals(messages, new EventsMessages(8, 2_000, Optional.empty()));
        assertNotEquals(messages, new EventsMessages(7, 2_001, Optional.empty()));
    }

    /** A client that catches up without a match from beyond the tail: the others' messages begin after its position. */
    @Test
    void shouldJoinOnToThePositionOfOneWhoCaughtUpQuietly() {
        String where = ",'where':['topic','=','mine']";
        try (Served small = Served.with(options -> options, hub -> hub.tailBytes(4_000));
                TestClient one = TestClient.welcomed(small.port());
                TestClient late = TestClient.welcomed(small.port())) {
            long start = small.append("other");
            for (int i = 0; i < 20; i++) {
                small.append("other", "{'text':'" + "x".repeat(1_000) + "'}");
            }
            small.awaitHead();
            one.send("{'type':'subscribe','sub':'s'" + where + "}");
            one.skipTo("caughtUp");
            late.send("{'type':'subscribe','sub':'s'" + where + ",'from':{'after':" + start + "}}");
            late.skipTo("caughtUp");

            long id = small.append("mine");

            JsonObject events = late.skipTo("events");
            assertTrue(ConversationTest.id(events, "after") <= start, events::toString);
            assertEquals(id, ConversationTest.id(events, "to"));
            assertEquals(id, ConversationTest.id(one.skipTo("events"), "to"));
        }
    }

    /** Tyrus writes its pongs by itself: none may get into a message, nor one message into another. */
    @Test
    void shouldKeepFramesWholeWhilePingsAreAnswered() throws IOException {
        RawClient one = subscribed("");
        subscribed("");
        int rounds = 200;
        for (int i = 0; i < rounds; i++) {
            one.ping();
            served.append("a", "{'text':'" + "x".repeat(i * 20) + "'}");
        }
        long to = 0;
        int pongs = 0;
        while (to < rounds || pongs < rounds) {
            String frame = one.read();
            if (frame.equals("frame 138")) {
                pongs++;
            } else if (frame.contains("\"type\":\"events\"")) {
                assertTrue(frame.endsWith("]}"), frame);
                to = Long.parseLong(frame.replaceAll("^.*?\"to\":(\\d+),.*$", "$1"));
            } else {
                assertTrue(frame.startsWith("{\"type\":\"") && frame.endsWith("}"), frame);
            }
        }
        assertEquals(rounds, pongs);
    }
}
