package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.Seed;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The promise: whatever happens to the connection, every event once, in order. */
class ResumeTest {
    private static final int EVENTS = 4_000;

    @Test
    void shouldDeliverEveryEventOnceWhenTheConnectionIsCutAtRandom() throws Exception {
        Random random = Seed.random("ResumeTest");
        // A small tail, so that the live path, falling behind and catching up all have their part.
        try (Served served = Served.with(
                options -> options.heartbeat(Duration.ofMillis(20)),
                hub -> hub.tailBytes(100_000).pageEvents(50))) {
            AtomicLong written = new AtomicLong();
            Random gaps = new Random(random.nextLong());
            Thread writer = new Thread(() -> {
                for (int i = 0; i < EVENTS; i++) {
                    if (gaps.nextInt(10) == 0) {
                        served.log.skip(gaps.nextInt(3));
                    }
                    if (gaps.nextInt(50) == 0) {
                        LockSupport.parkNanos(200_000);
                    }
                    served.append(i % 2 == 0 ? "even" : "odd", "{'i':" + i + "}");
                    written.incrementAndGet();
                }
            });
            writer.start();

            List<Integer> got = new ArrayList<>();
            String from = "'start'";
            int connections = 0;
            while (got.size() < EVENTS / 2) {
                connections++;
                try (TestClient client = TestClient.welcomed(served.port())) {
                    from = follow(client, from, random, got);
                }
            }
            writer.join();

            List<Integer> expected = LongStream.range(0, EVENTS)
                    .filter(i -> i % 2 == 0)
                    .mapToObj(i -> (int) i)
                    .toList();
            assertEquals(expected, got);
            assertTrue(connections > 5, "the connection was cut " + connections + " times");
        }
    }

    /** Follows until it has had enough, and says where to go on from. */
    private static String follow(TestClient client, String from, Random random, List<Integer> got) {
        int window = 1 + random.nextInt(200);
        client.send("{'type':'subscribe','sub':'s','where':['topic','=','even'],'from':" + from + ",'batch':"
                + (1 + random.nextInt(40)) + (random.nextBoolean() ? ",'window':" + window : "") + "}");
        JsonObject subscribed = client.skipTo("subscribed");
        long at = id(subscribed, "after");
        String epoch = subscribed.getString("epoch");
        int enough = 1 + random.nextInt(400);
        for (int taken = 0; taken < enough && got.size() < EVENTS / 2; ) {
            JsonObject message = client.next();
            switch (message.getString("type")) {
                case "events" -> {
                    assertTrue(id(message, "after") <= at, () -> "a hole before " + message);
                    for (JsonObject item : message.getJsonArray("items").getValuesAs(JsonObject.class)) {
                        assertTrue(id(item, "id") > at, () -> "repeated in " + message);
                        at = id(item, "id");
                        got.add(item.getJsonObject("data").getInt("i"));
                        taken++;
                    }
                    at = id(message, "to");
                    client.send("{'type':'ack','sub':'s','at':" + at + "}");
                }
                case "position" -> {
                    if (!message.getJsonArray("refs").isEmpty()) {
                        assertTrue(id(message, "to") >= at);
                        at = id(message, "to");
                    }
                }
                case "caughtUp", "fellBehind" -> {}
                default -> throw new AssertionError(message.toString());
            }
        }
        return "{'after':" + at + ",'epoch':'" + epoch + "'}";
    }
}
