package dev.everafter.server;

import static dev.everafter.server.ServedArvados.ids;
import static org.junit.jupiter.api.Assertions.assertEquals;

import jakarta.websocket.CloseReason;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** The limits that a v0 client meets by what it says; another notices nothing. */
class ArvadosLimitsTest {
    private static final String SUBSCRIBE = "{'method':'subscribe'}";

    @Test
    void shouldCloseWith4429WhenAClientSaysTooMuch() {
        Set<Limit> reached = ConcurrentHashMap.newKeySet();
        ServerListener listener = new ServerListener() {
            @Override
            public void onLimit(Limit limit) {
                reached.add(limit);
            }
        };
        try (ServedArvados served = ServedArvados.with(
                        rules -> rules,
                        options -> options.limits(Limits.DEFAULT.withMessagesPerSecond(1))
                                .listener(listener));
                TestClient other = served.subscribed();
                TestClient rude = served.connect()) {
            for (int i = 0; i < 100; i++) {
                rude.send(SUBSCRIBE);
            }
            assertEquals("4429 a client may send 1 messages a second", end(rude));
            assertEquals(Set.of(Limit.MESSAGES_PER_SECOND), reached);
            served.appendUpdates(1);
            assertEquals(List.of(1L), ids(other, 1));
        }
    }

    @Test
    void shouldCloseWith4429WhenMoreMessagesWaitThanMay() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient other = served.subscribed()) {
            served.api.hold("current");
            try (TestClient rude = served.connect("another")) {
                for (int i = 0; i < 101; i++) {
                    rude.send(SUBSCRIBE);
                }
                assertEquals("4429 more messages than the server can handle are waiting", end(rude));
            }
            served.appendUpdates(1);
            assertEquals(List.of(1L), ids(other, 1));
        }
    }

    private static String end(TestClient client) {
        CloseReason reason = client.closeReason();
        return reason.getCloseCode().getCode() + " " + reason.getReasonPhrase();
    }
}
