package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.everafter.core.Attribute;
import dev.everafter.core.Event;
import dev.everafter.core.EventHub;
import dev.everafter.core.Filter;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import dev.everafter.core.Value;
import dev.everafter.server.FileInForce.BrokenException;
import dev.everafter.server.spi.EventCheck;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonObject;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is hidden stays so on whatever way an event comes, and with whatever else decides what is sent: over real sockets. */
class RenderingPathsTest {
    private static final List<String> SHOWN = List.of(
            "insert {\"id\":1} {\"id\":1,\"status\":\"open\"} null false",
            "update {\"id\":1} {\"id\":1,\"status\":\"open\"} {\"id\":1,\"status\":\"open\"} false",
            "update {\"id\":1} null null true",
            "delete {\"id\":2} null {\"id\":2,\"status\":\"open\"} false");

    private final List<AutoCloseable> opened = new ArrayList<>();

    /** What else lies between the log and the client. */
    enum Beside {
        NOTHING,
        /** Of which the rendering has to share its stage. */
        A_CHECK,
        /** That asks for what is hidden. */
        A_POLICY
    }

    private static final class AllowAll implements EventCheck {
        @Override
        public Optional<String> object(Event event) {
            return Optional.of(event.topic());
        }

        @Override
        public CompletionStage<Verdict> check(Principal principal, String object) {
            return CompletableFuture.completedFuture(Verdict.ALLOWED);
        }
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private Served served(UnaryOperator<EndpointOptions.Builder> more) throws BrokenException {
        return served(more, hub -> hub);
    }

    private Served served(UnaryOperator<EndpointOptions.Builder> more, UnaryOperator<EventHub.Builder> hub)
            throws BrokenException {
        String file = "{'default': {'topics': {'orders': ['id', 'status']}}}".replace('\'', '"');
        Served served = Served.with(
                options -> {
                    try {
                        return more.apply(
                                options.authentication(Authentication.by(new KnownTokens().with("alice", "alice")))
                                        .renderings(RenderingsFile.parse(file).renderers()));
                    } catch (BrokenException e) {
                        throw new IllegalArgumentException(e);
                    }
                },
                hub);
        opened.add(served);
        return served;
    }

    private static UnaryOperator<EndpointOptions.Builder> options(Beside beside) {
        return switch (beside) {
            case NOTHING -> options -> options;
            case A_CHECK -> options -> options.eventChecking(EventChecking.by(new AllowAll()));
            case A_POLICY ->
                options -> options.accessPolicy(principal ->
                        CompletableFuture.completedFuture(Filter.eq(Attribute.data("secret"), Value.of("hidden"))));
        };
    }

    private TestClient client(Served served, String members) {
        TestClient client = TestClient.withToken(served.port(), "alice");
        opened.add(client);
        client.send("{'type':'subscribe','sub':'s'" + members + "}");
        return client;
    }

    private static RawJson json(String text) {
        return RawJson.of(text.replace('\'', '"'));
    }

    private static RawJson row(int id, String status, String more) {
        return json("{'id':" + id + ",'secret':'hidden','status':'" + status + "'" + more + "}");
    }

    private static void append(Served served, Change change) {
        served.log.append(List.of(change));
    }

    private static void appendAll(Served served) {
        RawJson key = json("{'id':1,'tenant':'hidden'}");
        append(served, Change.insert("orders", key, row(1, "open", "")));
        append(served, Change.update("orders", key, row(1, "open", ",'note':'hidden'"), row(1, "open", "")));
        append(served, Change.update("orders", key, row(1, "done", ""), row(1, "open", "")));
        append(served, Change.delete("orders", json("{'id':2,'tenant':'hidden'}"), row(2, "open", "")));
    }

    private static List<String> shown(TestClient client) {
        List<String> shown = new ArrayList<>();
        while (shown.size() < SHOWN.size()) {
            JsonObject events = client.skipTo("events");
            assertFalse(events.toString().contains("hidden"), events::toString);
            for (JsonObject item : events.getJsonArray("items").getValuesAs(JsonObject.class)) {
                shown.add(item.getString("type") + " " + item.get("key") + " " + item.get("data") + " "
                        + item.get("old") + " " + item.getBoolean("left", false));
            }
        }
        return shown;
    }

    @ParameterizedTest
    @EnumSource
    void shouldShowTheSameLiveAndOnReplayOfWhateverHappensToARow(Beside beside) throws BrokenException {
        Served served = served(options(beside));
        String where = ",'where':[['topic','=','orders'],['data.status','=','open']]";
        TestClient live = client(served, where);
        live.skipTo("caughtUp");
        appendAll(served);
        assertEquals(SHOWN, shown(live));
        assertEquals(SHOWN, shown(client(served, where + ",'from':'start'")));
    }

    @ParameterizedTest
    @EnumSource
    void shouldShowTheSameOfWhatIsReadFromTheLog(Beside beside) throws BrokenException {
        Served served = served(options(beside), hub -> hub.tailBytes(0));
        appendAll(served);
        served.awaitHead();
        String where = ",'where':[['topic','=','orders'],['data.status','=','open']]";
        assertEquals(SHOWN, shown(client(served, where + ",'from':'start'")));
    }

    @Test
    void shouldLetAPolicyAskForWhatIsHiddenAndTheClientNot() throws BrokenException {
        Served served = served(options(Beside.A_POLICY));
        JsonObject refused =
                client(served, ",'where':['data.secret','=','hidden']").skipTo("error");
        assertEquals("filter_hidden", refused.getString("code"));
        TestClient client = client(served, "");
        client.skipTo("caughtUp");
        RawJson key = json("{'id':1,'tenant':'hidden'}");
        append(served, Change.insert("orders", key, json("{'id':1,'secret':'of others'}")));
        append(served, Change.update("orders", key, row(1, "open", ""), json("{'id':1,'secret':'of others'}")));
        JsonObject item = client.skipTo("events").getJsonArray("items").getJsonObject(0);
        assertEquals(
                "{\"id\":1,\"status\":\"open\"}", item.getJsonObject("data").toString());
        assertFalse(item.containsKey("old"), item::toString);
        append(served, Change.update("orders", key, json("{'id':1,'secret':'of others'}"), row(1, "open", "")));
        JsonObject left = client.skipTo("events").getJsonArray("items").getJsonObject(0);
        assertEquals("{\"id\":1}", left.getJsonObject("key").toString());
        assertFalse(left.containsKey("data") || left.containsKey("old") || !left.getBoolean("left"), left::toString);
    }

    @Test
    void shouldRefuseRenderingsWhereTheyWouldHideNothing() throws BrokenException {
        Served served = served(options -> options);
        EndpointOptions options = EndpointOptions.builder()
                .renderings(
                        RenderingsFile.parse("{\"default\":{\"topics\":{}}}").renderers())
                .build();
        ArvadosOptions rules =
                ArvadosOptions.builder(URI.create("http://127.0.0.1:1/")).build();
        assertThrows(IllegalArgumentException.class, () -> ArvadosEndpoint.of(served.hub, rules, options));
    }
}
