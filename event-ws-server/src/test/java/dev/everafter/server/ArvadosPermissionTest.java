package dev.everafter.server;

import static dev.everafter.server.LogsRow.collection;
import static dev.everafter.server.ServedArvados.TOKEN;
import static dev.everafter.server.ServedArvados.expectStatus;
import static dev.everafter.server.ServedArvados.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Nobody is sent what its token may not read, whatever the API server does; and who waits for it delays nobody else. */
class ArvadosPermissionTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Duration SHORT = Duration.ofMillis(30);
    private static final Duration WAIT = Duration.ofSeconds(20);

    private final AtomicLong clock = new AtomicLong();

    @Test
    void shouldSendOnlyWhatTheTokenMayRead() {
        try (ServedArvados served = ServedArvados.withDefaults()) {
            served.api.knowing("other");
            served.api.hide(TOKEN, collection(1));
            served.api.hide("other", collection(2));
            try (TestClient one = served.subscribed();
                    TestClient other = served.connect("other")) {
                other.send("{'method':'subscribe'}");
                expectStatus(other, 200);
                served.appendUpdates(1, 2, 3);
                assertEquals(List.of(2L, 3L), ids(one, 2));
                assertEquals(List.of(1L, 3L), ids(other, 2));
            }
        }
    }

    @Test
    void shouldTakeEachOfTheseStatusesForNo() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.subscribed()) {
            served.api.answer(collection(1), 401);
            served.api.answer(collection(2), 403);
            served.api.answer(collection(3), 404);
            served.appendUpdates(1, 2, 3, 4);
            assertEquals(List.of(4L), ids(client, 1));
            assertEquals(0, served.endpoint.counts().unanswered());
        }
    }

    @Test
    void shouldAskForTheOwnerOfWhatIsGone() {
        try (ServedArvados served = ServedArvados.withDefaults();
                TestClient client = served.subscribed()) {
            served.api.answer(collection(1), 404);
            served.append(LogsRow.of("delete", collection(1)));
            assertEquals(List.of(1L), ids(client, 1));
            assertEquals(0, served.api.asked(collection(1)));
            assertEquals(1, served.api.asked(LogsRow.OWNER));
        }
    }

    @Test
    void shouldAskAgainWhatIsNeitherYesNorNo() {
        for (int status : List.of(500, 302, 429)) {
            try (ServedArvados served = ServedArvados.with(rules -> rules.permissionWait(LONG));
                    TestClient client = served.subscribed()) {
                served.api.answer(collection(1), status);
                served.appendUpdates(1);
                await().until(() -> served.endpoint.counts().unanswered() >= 2);
                served.api.answer(collection(1), 0);
                assertEquals(List.of(1L), ids(client, 1));
            }
        }
    }

    @Test
    void shouldHoldTheOrderWhileAnEventIsUndecided() {
        try (ServedArvados served = ServedArvados.with(rules -> rules.permissionWait(LONG));
                TestClient client = served.subscribed()) {
            served.api.hold(collection(1));
            served.appendUpdates(1, 2);
            await().until(() -> served.api.asked(collection(1)) == 1);
            served.api.release(collection(1));
            assertEquals(List.of(1L, 2L), ids(client, 2));
            assertEquals(0, served.endpoint.counts().setAside());
        }
    }

    @Test
    void shouldNotWaitLongerThanItShould() {
        try (ServedArvados served = ServedArvados.with(rules -> rules.permissionWait(SHORT));
                TestClient client = served.subscribed()) {
            served.api.hold(collection(1));
            served.appendUpdates(1);
            await().until(() -> served.endpoint.counts().setAside() == 1);
            served.api.release(collection(1));
            assertEquals(1, nextEvent(client));
        }
    }

    @Test
    void shouldSetAsideWhatIsUndecidedForLongAndSendItWhenItIsDecided() {
        try (ServedArvados served = stopped(16);
                TestClient client = served.subscribed()) {
            served.api.hold(collection(1));
            served.appendUpdates(1);
            letWait(served, client, 1);
            // Behind it comes at once what is about the same object, however long that will take.
            served.appendUpdates(2, 1, 1, 3);
            assertEquals(2, nextEvent(client));
            assertEquals(5, nextEvent(client));
            served.api.release(collection(1));
            for (long id : List.of(1, 3, 4)) {
                assertEquals(id, nextEvent(client));
            }
            assertEquals(3, served.endpoint.counts().setAside());
            assertEquals(1, served.api.asked(collection(1)));
        }
    }

    @Test
    void shouldNeverSendWhatWasSetAsideAndIsRefused() {
        try (ServedArvados served = stopped(16);
                TestClient client = served.subscribed()) {
            served.api.hide(TOKEN, collection(1));
            served.api.hold(collection(1));
            served.appendUpdates(1);
            letWait(served, client, 1);
            served.api.release(collection(1));
            await().until(() -> served.endpoint.undecided() == 0);
            served.appendUpdates(1, 3);
            assertEquals(3, nextEvent(client));
            served.appendUpdates(5);
            assertEquals(4, nextEvent(client));
        }
    }

    @Test
    void shouldGiveUpTheOldestOfMoreThanMayBeSetAside() {
        try (ServedArvados served = stopped(2);
                TestClient client = served.subscribed()) {
            for (int object : List.of(1, 2, 3)) {
                served.api.hold(collection(object));
                served.appendUpdates(object);
                letWait(served, client, object);
            }
            assertEquals(1, served.endpoint.counts().givenUp());
            served.api.release(collection(1));
            served.api.release(collection(2));
            assertEquals(2, nextEvent(client));
            served.api.release(collection(3));
            assertEquals(3, nextEvent(client));
            served.appendUpdates(1);
            assertEquals(4, nextEvent(client));
        }
    }

    /** Its clock stands still, so that nothing waits too long by itself. */
    private ServedArvados stopped(int setAside) {
        return ServedArvados.with(
                rules -> rules.permissionWait(WAIT).setAside(setAside),
                options -> options.ticker(clock::get).sendDeadline(Duration.ofHours(1)));
    }

    /** Lets the one event in line wait too long; {@code count} have then been set aside. */
    private void letWait(ServedArvados served, TestClient client, int count) {
        await().until(() -> {
            clock.addAndGet(WAIT.toNanos());
            // Whatever is said makes the connection look at the clock.
            client.send("{}");
            return served.endpoint.counts().setAside() == count;
        });
    }

    private static long nextEvent(TestClient client) {
        JsonObject message = client.next();
        while (message.containsKey("status")) {
            message = client.next();
        }
        return message.getJsonNumber("id").longValue();
    }

    @Test
    void shouldDelayOnlyThoseWhoWaitForASlowAnswer() {
        try (ServedArvados served = ServedArvados.with(rules -> rules.permissionWait(LONG));
                TestClient waiting = served.subscribed();
                TestClient other = served.connect()) {
            other.send("{'method':'subscribe','filters':[['object_uuid','!=','" + collection(1) + "']]}");
            expectStatus(other, 200);
            served.api.hold(collection(1));
            served.appendUpdates(1, 2, 3);
            assertEquals(List.of(2L, 3L), ids(other, 2));
            served.api.release(collection(1));
            assertEquals(List.of(1L, 2L, 3L), ids(waiting, 3));
        }
    }

    @Test
    void shouldAskAFewQuestionsAtATime() {
        int objects = 40;
        try (ServedArvados served = ServedArvados.with(rules -> rules.checksAtOnce(3));
                TestClient client = served.connect()) {
            served.appendUpdates(IntStream.rangeClosed(1, objects).toArray());
            client.send("{'method':'subscribe','last_log_id':0}");
            expectStatus(client, 200);
            assertEquals(LongStream.rangeClosed(1, objects).boxed().toList(), ids(client, objects));
            assertTrue(served.api.mostAtOnce() <= 3, "at once: " + served.api.mostAtOnce());
        }
    }

    @Test
    void shouldForgetQuestionsThatNobodyWaitsForAnyMore() {
        try (ServedArvados served = ServedArvados.with(rules -> rules.permissionWait(LONG))) {
            try (TestClient client = served.subscribed()) {
                served.api.answer(collection(1), 503);
                served.appendUpdates(1);
                await().until(() -> served.endpoint.counts().unanswered() >= 1);
            }
            await().until(() -> served.endpoint.sessions() == 0);
            await().until(() -> served.endpoint.undecided() == 0);
        }
    }

    @Test
    void shouldLetAClientWaitUntilItsTokenIsKnown() {
        try (ServedArvados served = ServedArvados.withDefaults()) {
            served.api.answer("current", 502);
            try (TestClient client = served.connect()) {
                client.send("{'method':'subscribe'}");
                await().until(() -> served.endpoint.counts().unanswered() >= 1);
                served.api.answer("current", 0);
                expectStatus(client, 200);
            }
        }
    }

    @Test
    void shouldSayThatItCanNotGoOnWhenTokensCanNotBeChecked() {
        try (ServedArvados served = ServedArvados.with(
                rules -> rules.tokenPatience(Duration.ofMillis(50)).heartbeat(Duration.ofMillis(500)))) {
            served.api.answer("current", 502);
            try (TestClient client = served.connect()) {
                JsonObject message = client.next();
                while (message.isEmpty()) {
                    message = client.next();
                }
                assertEquals(500, message.getInt("status"));
                assertEquals(1013, client.closeCode());
            }
        }
    }

    @Test
    void shouldTakeATokenThatMaySeeLittleForValid() {
        try (ServedArvados served = ServedArvados.withDefaults()) {
            served.api.answer("current", 403);
            try (TestClient client = served.subscribed()) {
                served.appendUpdates(1);
                assertEquals(List.of(1L), ids(client, 1));
            }
        }
    }
}
