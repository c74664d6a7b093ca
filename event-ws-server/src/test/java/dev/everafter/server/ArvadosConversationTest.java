package dev.everafter.server;

import static dev.everafter.server.ServedArvados.TOKEN;
import static dev.everafter.server.ServedArvados.expectStatus;
import static dev.everafter.server.ServedArvados.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What Arvados' clients say and are told. */
class ArvadosConversationTest {
    @Test
    void shouldAnswerASubscriptionAndThenSendNumberedEvents() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.subscribed()) {
            served.appendUpdates(1, 2);
            for (int number = 1; number <= 2; number++) {
                JsonObject event = client.next();
                assertEquals(number, event.getInt("msgID"));
                assertEquals(number, event.getInt("id"));
                assertEquals(LogsRow.collection(number), event.getString("object_uuid"));
                assertEquals("arvados#collection", event.getString("object_kind"));
            }
        }
    }

    @Test
    void shouldSendNothingBeforeASubscription() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.connect()) {
            served.appendUpdates(1);
            served.awaitHead();
            client.send("{'method':'subscribe'}");
            expectStatus(client, 200);
            served.appendUpdates(2);
            assertEquals(List.of(2L), ids(client, 1));
        }
    }

    @Test
    void shouldTellWhoHasNoValidTokenAndClose() {
        try (ServedArvados served = ServedArvados.withDefaults()) {
            for (String query : List.of("", "?api_token=", "?api_token=v2/unknown", "?other=" + TOKEN)) {
                try (TestClient client = TestClient.plain(served.port(), "/websocket" + query, Map.of())) {
                    expectStatus(client, 401);
                    assertEquals(4401, client.closeCode(), query);
                }
            }
        }
    }

    @Test
    void shouldTakeATokenFromWhereverArvadosPutsIt() {
        String escaped = TOKEN.replace("/", "%2F");
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient bearer =
                        TestClient.plain(served.port(), "/websocket", Map.of("Authorization", "Bearer " + TOKEN));
                TestClient oauth =
                        TestClient.plain(served.port(), "/websocket", Map.of("Authorization", "OAuth2 " + TOKEN));
                TestClient query = TestClient.plain(served.port(), "/websocket?a=b&api_token=" + escaped, Map.of())) {
            for (TestClient client : List.of(bearer, oauth, query)) {
                client.send("{'method':'subscribe'}");
                expectStatus(client, 200);
            }
            assertEquals(1, served.api.askedWhose());
        }
    }

    @Test
    void shouldLetPagesOfAnyOriginConnect() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = TestClient.plain(
                        served.port(),
                        "/websocket?api_token=" + TOKEN,
                        Map.of("Origin", "https://workbench.example.org"))) {
            client.send("{'method':'subscribe'}");
            expectStatus(client, 200);
        }
    }

    @Test
    void shouldKeepASilentConnectionAliveEvenBeforeASubscription() {
        try (ServedArvados served = ServedArvados.with(rules -> rules.heartbeat(Duration.ofMillis(40)));
                TestClient client = served.connect()) {
            assertEquals(JsonValue.EMPTY_JSON_OBJECT, client.next());
            assertEquals(JsonValue.EMPTY_JSON_OBJECT, client.next());
        }
    }

    @Test
    void shouldRefuseWhatItCanNotUseAndStay() throws Exception {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.connect()) {
            List<String> unusable = List.of(
                    "",
                    "what?",
                    "[]",
                    "{}",
                    "{'method':'explode'}",
                    "{'method':'subscribe','filters':[['no_such_column','=','x']]}",
                    "{'method':'subscribe','filters':[['event_type','resembles','x']]}",
                    "{'method':'subscribe','last_log_id':'x'}",
                    "{'method':'unsubscribe'}");
            for (String message : unusable) {
                client.send(message);
                expectStatus(client, 400);
            }
            client.sendBinary(new byte[] {1, 2});
            expectStatus(client, 400);

            client.send("{'method':'subscribe','filters':[]}");
            expectStatus(client, 200);
            served.appendUpdates(1);
            assertEquals(List.of(1L), ids(client, 1));
        }
    }

    @Test
    void shouldTakeAMessageWhateverFramesItComesIn() throws Exception {
        try (ServedArvados served = ServedArvados.withDefaults();
                RawWebSocket client = connectRaw(served)) {
            String padding = " ".repeat(5_000);
            client.send(0x01, "{\"method\":").send(0x00, padding).send(0x80, "\"subscribe\"}");
            assertEquals("text {\"status\":200}", client.read());
            client.send(0x81, "{\"method\":\"unsubscribe\"" + padding + "}");
            assertEquals("text {\"status\":200}", client.read());
        }
    }

    @Test
    void shouldSendHistoryOfAnyAgeAndGoOnLive() {
        try (ServedArvados served = ServedArvados.withSmallMemory();
                TestClient client = served.connect()) {
            served.appendUpdates(IntStream.rangeClosed(1, 200).toArray());
            client.send("{'method':'subscribe','last_log_id':0}");
            expectStatus(client, 200);
            assertEquals(LongStream.rangeClosed(1, 200).boxed().toList(), ids(client, 200));
            served.appendUpdates(201);
            assertEquals(List.of(201L), ids(client, 1));
        }
    }

    @Test
    void shouldSendAnEventOnceHoweverManySubscriptionsMatchIt() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.connect()) {
            served.appendUpdates(1, 2, 3, 4, 5);
            String one = "[['object_uuid','=','" + LogsRow.collection(4) + "']]";
            client.send("{'method':'subscribe','filters':" + one + ",'last_log_id':2}");
            expectStatus(client, 200);
            assertEquals(List.of(4L), ids(client, 1));
            // Further back, and everything: but what was sent is not sent again.
            client.send("{'method':'subscribe','last_log_id':1}");
            client.send("{'method':'subscribe','filters':[['event_type','=','update']],'last_log_id':1}");
            expectStatus(client, 200);
            List<Long> ids = new ArrayList<>();
            while (ids.size() < 3) {
                JsonObject message = client.next();
                if (message.containsKey("id")) {
                    ids.add(message.getJsonNumber("id").longValue());
                } else {
                    assertEquals(200, message.getInt("status"));
                }
            }
            assertEquals(List.of(2L, 3L, 5L), ids);
            served.appendUpdates(6);
            JsonObject message = client.next();
            while (message.containsKey("status")) {
                message = client.next();
            }
            assertEquals(6, message.getInt("id"));
        }
    }

    @Test
    void shouldGoBackForALaterSubscriptionWithTheSameFilters() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.connect()) {
            served.appendUpdates(1, 2, 3);
            served.awaitHead();
            client.send("{'method':'subscribe'}");
            expectStatus(client, 200);
            served.appendUpdates(4);
            assertEquals(List.of(4L), ids(client, 1));
            client.send("{'method':'subscribe','last_log_id':1}");
            expectStatus(client, 200);
            assertEquals(List.of(2L, 3L), ids(client, 2));
            served.appendUpdates(5);
            assertEquals(List.of(5L), ids(client, 1));
        }
    }

    @Test
    void shouldNotRepeatAfterAReconnectionWithTwoFilters() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.connect()) {
            served.appendUpdates(1, 2, 3, 1, 2, 3);
            // As the Python client does: each filter again, and the same id for all.
            client.send("{'method':'subscribe','filters':[['object_uuid','=','" + LogsRow.collection(1)
                    + "']],'last_log_id':2}");
            client.send("{'method':'subscribe','filters':[['event_type','in',['create','update']]],'last_log_id':2}");
            List<Long> ids = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                JsonObject message = client.next();
                if (message.containsKey("id")) {
                    ids.add(message.getJsonNumber("id").longValue());
                }
            }
            // the one filter may have been ahead of the other
            assertEquals(List.of(3L, 4L, 5L, 6L), ids.stream().sorted().toList());
            served.appendUpdates(9);
            assertEquals(List.of(7L), ids(client, 1));
        }
    }

    @Test
    void shouldNeedAsManyUnsubscribesAsThereWereSubscriptions() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.connect()) {
            String filters = "'filters':[['event_type','=','update']]";
            for (String method : List.of("subscribe", "subscribe", "unsubscribe")) {
                client.send("{'method':'" + method + "'," + filters + "}");
                expectStatus(client, 200);
            }
            served.appendUpdates(1);
            assertEquals(List.of(1L), ids(client, 1));
            client.send("{'method':'unsubscribe'," + filters + "}");
            expectStatus(client, 200);
            client.send("{'method':'unsubscribe'," + filters + "}");
            expectStatus(client, 400);
            served.appendUpdates(2);
            served.awaitHead();
            client.send("{'method':'subscribe'}");
            expectStatus(client, 200);
            served.appendUpdates(3);
            assertEquals(List.of(3L), ids(client, 1));
        }
    }

    @Test
    void shouldRefuseMoreSubscriptionsThanAConnectionMayHave() {
        try (ServedArvados served = ServedArvados.with(rules -> rules.subscriptions(2));
                TestClient client = served.connect()) {
            for (int status : List.of(200, 200, 403)) {
                client.send("{'method':'subscribe'}");
                expectStatus(client, status);
            }
        }
    }

    @Test
    void shouldSendOnlyWhatMatches() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.connect()) {
            client.send("{'method':'subscribe','filters':[['object_uuid','=','" + LogsRow.collection(2) + "'],"
                    + "['properties.new_attributes.name','=','b']]}");
            expectStatus(client, 200);
            served.appendUpdates(1, 2);
            served.append(LogsRow.update(2).with("properties", "{}"));
            served.appendUpdates(2);
            assertEquals(List.of(2L, 4L), ids(client, 2));
        }
    }

    @Test
    void shouldNotBeDisturbedByOddRows() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.subscribed()) {
            served.append(LogsRow.of("update", "what?"));
            served.append(LogsRow.of("update", "zzzzz-aaaaa-000000000000001"));
            served.append(LogsRow.update(1).withNull("object_uuid"));
            served.append(LogsRow.of("delete", LogsRow.collection(1)).withNull("object_owner_uuid"));
            served.appendUpdates(5);
            assertEquals(List.of(5L), ids(client, 1));
            assertEquals(4, served.endpoint.counts().odd());
        }
    }

    @Test
    void shouldServeManyClientsAndAskOnceForEachObject() {
        List<TestClient> clients = new ArrayList<>();
        try (ServedArvados served = ServedArvados.withDefaults()) {
            try {
                for (int i = 0; i < 100; i++) {
                    clients.add(served.subscribed());
                }
                served.appendUpdates(1, 2, 1);
                clients.forEach(client -> assertEquals(List.of(1L, 2L, 3L), ids(client, 3)));
                assertEquals(1, served.api.askedWhose());
                assertEquals(1, served.api.asked(LogsRow.collection(1)));
                assertEquals(1, served.api.asked(LogsRow.collection(2)));
                assertEquals(100, served.endpoint.sessions());
            } finally {
                clients.forEach(TestClient::close);
            }
            await().until(() -> served.endpoint.sessions() == 0);
        }
    }

    @Test
    void shouldCloseInOrderWhenTheServerIsShutDown() {
        ServedArvados served = ServedArvados.withDefaults();
        try (TestClient client = served.subscribed()) {
            served.close();
            assertEquals(1001, client.closeCode());
        }
    }

    @Test
    void shouldLetAClientThatDoesNotReadDelayNobodyAndMissNothing() throws Exception {
        int events = 400;
        String text = "x".repeat(40_000);
        try (ServedArvados served = ServedArvados.withDefaults();
                RawWebSocket slow = connectRaw(served);
                TestClient reader = served.subscribed()) {
            slow.send(0x81, "{\"method\":\"subscribe\"}");
            assertEquals("text {\"status\":200}", slow.read());

            // More than the kernel takes for one who doesn't read.
            for (int i = 0; i < events; i++) {
                served.append(
                        LogsRow.of("stderr", LogsRow.collection(1)).with("properties", "{\"text\":\"" + text + "\"}"));
            }

            assertEquals(LongStream.rangeClosed(1, events).boxed().toList(), ids(reader, events));
            for (int id = 1; id <= events; id++) {
                assertTrue(slow.read().startsWith("text {\"msgID\":" + id + ",\"id\":" + id + ","), "event " + id);
            }
        }
    }

    private static RawWebSocket connectRaw(ServedArvados served) throws IOException {
        RawWebSocket client = RawWebSocket.connect(served.port()).header("Sec-WebSocket-Protocol", "");
        assertEquals(
                101,
                client.request("GET /websocket?api_token=" + TOKEN + " HTTP/1.1")
                        .status());
        return client;
    }
}
