package dev.everafter.server;

import static dev.everafter.server.ConversationTest.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.RawJson;
import dev.everafter.core.Value;
import dev.everafter.server.spi.AccessPolicy;
import dev.everafter.server.spi.Principal;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What those see who are known, over real sockets: live, on replay, and after another token. */
class AccessPolicyTest {
    private static final String TEAM = "team";

    private final KnownTokens tokens =
            new KnownTokens().with("red", of("alice", "red")).with("blue", of("alice", "blue"));
    private volatile Function<Principal, CompletionStage<Filter>> policy =
            principal -> CompletableFuture.completedFuture(ofTeam(principal));
    private final AccessPolicy asked = principal -> policy.apply(principal);
    private final Served served = Served.with(
            options -> options.authentication(Authentication.by(tokens).withPatience(Duration.ofMinutes(5)))
                    .accessPolicy(asked)
                    .heartbeat(Duration.ofMinutes(10)));

    private static Principal of(String subject, String team) {
        return new Principal(subject, Map.of(TEAM, Json.createValue(team)), Optional.empty());
    }

    private static Filter ofTeam(Principal principal) {
        JsonValue team = principal.attributes().getOrDefault(TEAM, JsonValue.EMPTY_JSON_OBJECT);
        return Filter.eq(Attribute.data(TEAM), Value.of(team));
    }

    private long append(String team) {
        return served.append("t", "{'team':'" + team + "'}");
    }

    @AfterEach
    void close() {
        served.close();
    }

    @Test
    void shouldShowOnlyWhatThePolicyShowsOnReplayAndLive() {
        append("blue");
        long before = append("red");
        append("blue");
        served.awaitHead();
        try (TestClient client = TestClient.withToken(served.port(), "red")) {
            client.next("welcome");
            client.send("{'type':'subscribe','sub':'s','from':'start'}");
            client.next("subscribed");
            assertEquals(List.of(before), ids(client.skipTo("events")));
            client.skipTo("caughtUp");
            append("blue");
            long live = append("red");
            assertEquals(List.of(live), ids(client.skipTo("events")));
        }
    }

    @Test
    void shouldSayThatARowHasLeftWhenItIsNotToBeSeenAnyMore() {
        try (TestClient client = TestClient.withToken(served.port(), "red")) {
            client.next("welcome");
            client.subscribe("s");
            served.log.append(List.of(InMemoryEventLog.Change.update(
                    "t",
                    RawJson.of("{\"id\":1}"),
                    RawJson.of("{\"id\":1,\"team\":\"blue\"}"),
                    RawJson.of("{\"team\":\"red\"}"))));
            JsonObject item = client.next("events").getJsonArray("items").getJsonObject(0);
            assertEquals(
                    List.of(true, false, false),
                    List.of(item.getBoolean("left"), item.containsKey("data"), item.containsKey("old")));
        }
    }

    @Test
    void shouldShowNothingWhenThePolicyShowsNothing() {
        policy = principal -> CompletableFuture.completedFuture(Filter.none());
        try (TestClient client = TestClient.withToken(served.port(), "red")) {
            client.next("welcome");
            client.send("{'type':'subscribe','sub':'s','from':'start','where':['not',['topic','=','x']]}");
            client.next("subscribed");
            append("red");
            append("blue");
            served.awaitHead();
            client.send("{'type':'unsubscribe','sub':'s'}");
            String type = "";
            while (!type.equals("unsubscribed")) {
                type = client.next().getString("type");
                assertNotEquals("events", type);
            }
        }
    }

    @Test
    void shouldGoOnByTheNewAttributesWhenAnotherTokenIsShown() {
        try (TestClient client = TestClient.withToken(served.port(), "red")) {
            client.next("welcome");
            client.subscribe("s");
            long first = append("red");
            assertEquals(List.of(first), ids(client.next("events")));
            append("blue");
            long last = append("red");
            assertEquals(List.of(last), ids(client.next("events")));
            client.send("{'type':'auth','token':'blue'}");
            JsonObject authorized = client.skipTo("authorized");
            assertEquals(last, authorized.getJsonObject("at").getJsonNumber("s").longValue());
            append("red");
            long blue = append("blue");
            // What was decided before isn't decided again: wider rights don't reach back.
            assertEquals(List.of(blue), ids(client.skipTo("events")));
        }
    }

    @Test
    void shouldCloseForLaterWhenThePolicyFails() {
        assertCloses(principal -> CompletableFuture.failedFuture(new IllegalStateException("broken by the test")));
        assertCloses(principal -> {
            throw new IllegalStateException("broken by the test");
        });
    }

    private void assertCloses(Function<Principal, CompletionStage<Filter>> broken) {
        policy = broken;
        try (TestClient client = TestClient.withToken(served.port(), "red")) {
            assertEquals(1013, client.closeCode());
            assertEquals(
                    "what you may see can't be looked up now: try again later",
                    client.closeReason().getReasonPhrase());
            assertEquals(0, client.waiting());
        }
    }

    @Test
    void shouldSayNothingBeforeThePolicyHasAnswered() {
        CompletableFuture<Filter> answer = new CompletableFuture<>();
        CompletableFuture<Boolean> wasAsked = new CompletableFuture<>();
        policy = principal -> {
            wasAsked.complete(true);
            return answer;
        };
        try (TestClient client = TestClient.withToken(served.port(), "red")) {
            client.send("{'type':'subscribe','sub':'s'}");
            await().until(wasAsked::isDone);
            assertEquals(0, client.waiting());
            answer.complete(Filter.all());
            client.next("welcome");
            client.next("subscribed");
        }
    }

    @Test
    void shouldKeepTheRightsThereAreWhenThoseOfANewTokenCannotBeLookedUp() {
        try (TestClient client = TestClient.withToken(served.port(), "red")) {
            client.next("welcome");
            client.subscribe("s");
            policy = principal -> CompletableFuture.failedFuture(new IllegalStateException("broken by the test"));
            client.send("{'type':'auth','token':'blue'}");
            assertEquals("auth_unavailable", client.next("error").getString("code"));
            append("blue");
            long red = append("red");
            assertEquals(List.of(red), ids(client.skipTo("events")));
        }
    }

    @Test
    void shouldAskThePolicyForThoseWhoNeedNoToken() {
        tokens.withAnonymous(of("everybody", "blue"));
        try (TestClient client = TestClient.open(served.port())) {
            client.next("welcome");
            client.subscribe("s");
            append("red");
            long blue = append("blue");
            assertEquals(List.of(blue), ids(client.skipTo("events")));
        }
    }

    @Test
    void shouldRefuseAPolicyWhenNobodyIsAskedWhoTheyAre() {
        EndpointOptions.Builder options = EndpointOptions.builder().accessPolicy(asked);
        assertThrows(IllegalStateException.class, options::build);
    }
}
