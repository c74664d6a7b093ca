package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** One who never reads harms nobody but itself. */
class SlowReaderTest {
    private static final String BULK = "\"" + "x".repeat(100_000) + "\"";
    private static final int EVENTS = 200;

    @Test
    void shouldBeClosedAfterTheDeadlineWhileOthersGetOn() throws Exception {
        List<Integer> codes = new CopyOnWriteArrayList<>();
        try (Served served = Served.with(
                        options -> options.sendDeadline(Duration.ofSeconds(6)).listener(new ServerListener() {
                            @Override
                            public void onSessionClosed(int code) {
                                codes.add(code);
                            }
                        }));
                RawClient stuck = new RawClient(served.port(), 4 << 10);
                TestClient reader = TestClient.welcomed(served.port())) {
            stuck.upgrade("localhost", Map.of());
            stuck.read();
            stuck.send("{'type':'subscribe','sub':'s'}");
            assertTrue(stuck.read().contains("subscribed"));
            reader.subscribe("s");

            // More than the kernel takes for one who doesn't read.
            for (int i = 0; i < EVENTS; i++) {
                served.append("bulk", BULK);
            }

            long at = 0;
            while (at < EVENTS) {
                JsonObject events = reader.skipTo("events");
                assertEquals(at, id(events, "after"));
                at = id(events, "to");
            }
            await().until(() -> codes.contains(4409));
            assertEquals(1, served.server.sessions());
            // The connection itself is gone, not only the session.
            assertTrue(stuck.drain() < (long) EVENTS * BULK.length());
        }
    }
}
