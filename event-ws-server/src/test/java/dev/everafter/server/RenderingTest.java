package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import dev.everafter.server.FileInForce.BrokenException;
import dev.everafter.server.spi.Principal;
import dev.everafter.server.spi.Rendered;
import dev.everafter.server.spi.Renderer;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients are shown of events, and what they can't find out of the rest: over real sockets. */
class RenderingTest {
    private static final String TWO = """
            {'default': {'topics': {'orders': ['id', 'total'], 'log*': []}},
             'bare': {'topics': {'*': ['id']}},
             'staff': {'when': {'role': 'clerk'}, 'topics': {}}}""";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger unrendered = new AtomicInteger();

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private Served served(Map<String, Renderer> renderings, UnaryOperator<EndpointOptions.Builder> more) {
        Served served =
                Served.with(options -> more.apply(options.renderings(renderings).listener(new ServerListener() {
                    @Override
                    public void onRendererFailed() {
                        failures.incrementAndGet();
                    }

                    @Override
                    public void onEventUnrendered() {
                        unrendered.incrementAndGet();
                    }
                })));
        opened.add(served);
        return served;
    }

    private Served byFile() throws BrokenException {
        return served(parse(TWO), options -> options);
    }

    private static Map<String, Renderer> parse(String file) throws BrokenException {
        return RenderingsFile.parse(file.replace('\'', '"')).renderers();
    }

    private TestClient client(Served served, String members) {
        TestClient client = TestClient.welcomed(served.port());
        opened.add(client);
        client.send("{'type':'subscribe','sub':'s'" + members + "}");
        return client;
    }

    private static void appendOrder(Served served) {
        served.log.append(List.of(Change.update(
                "orders",
                json("{'id':7,'tenant':'hidden'}"),
                json("{'id':7,'total':2,'secret':'hidden'}"),
                json("{'id':7,'total':1,'secret':'hidden'}"))));
    }

    private static RawJson json(String text) {
        return RawJson.of(text.replace('\'', '"'));
    }

    private static JsonObject first(JsonObject events) {
        return events.getJsonArray("items").getJsonObject(0);
    }

    @Test
    void shouldShowOfKeyDataAndOldTheListedColumnsAlone() throws BrokenException {
        Served served = byFile();
        TestClient client = client(served, "");
        client.skipTo("caughtUp");
        appendOrder(served);
        JsonObject item = first(client.skipTo("events"));
        assertEquals("{\"id\":7}", item.getJsonObject("key").toString());
        assertEquals("{\"id\":7,\"total\":2}", item.getJsonObject("data").toString());
        assertEquals("{\"id\":7,\"total\":1}", item.getJsonObject("old").toString());
    }

    @Test
    void shouldShowWhatIsCapturedInTopicsWithoutARuleAndNothingOfWhatHasNoColumns() throws BrokenException {
        Served served = byFile();
        TestClient client = client(served, "");
        client.skipTo("caughtUp");
        served.append("others", "{'a':1}");
        assertEquals(
                "{\"a\":1}",
                first(client.skipTo("events")).getJsonObject("data").toString());
        served.append("orders", "['hidden']");
        assertFalse(first(client.skipTo("events")).containsKey("data"));
        served.append("log.app", "{'a':'hidden'}");
        assertEquals("{}", first(client.skipTo("events")).getJsonObject("data").toString());
    }

    /** All of them share a lane and its batches; each form is made once, for those who asked for it. */
    @Test
    void shouldGiveNobodyTheBytesOfAnotherRenderingWhenTheySelectTheSame() throws BrokenException {
        Served served = byFile();
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            TestClient client = client(served, i % 2 == 0 ? "" : ",'render':'bare'");
            client.skipTo("caughtUp");
            clients.add(client);
        }
        for (int round = 0; round < 20; round++) {
            appendOrder(served);
            long head = served.log.range().head();
            for (int i = 0; i < clients.size(); i++) {
                JsonObject events = clients.get(i).skipTo("events");
                assertEquals(head, id(events, "to"));
                assertEquals(
                        i % 2 == 0 ? "{\"id\":7,\"total\":2}" : "{\"id\":7}",
                        first(events).getJsonObject("data").toString());
            }
        }
        assertTrue(served.hub.encodedBytes() > 0, "nothing was shared");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "['data.secret','=','x']",
                "['old.secret','exists',true]",
                "['key.tenant','=','x']",
                "['data','exists','secret']",
                "['any','ilike','%x%']",
                "['not',['data.secret.deep','=','x']]",
                "['or',['topic','=','others'],['data.secret','=','x']]",
                "[['topic','in',['orders','others']],['data.secret','=','x']]",
                "[['topic','like','others'],['data.secret','=','x']]",
                "['or',[['topic','=','others'],['data.a','=',1]],['data.secret','=',1]]"
            })
    void shouldRefuseFiltersThatAskForWhatIsHidden(String where) throws BrokenException {
        Served served = byFile();
        appendOrder(served);
        JsonObject error = client(served, ",'from':'start','where':" + where).next("error");
        assertEquals("filter_hidden", error.getString("code"));
        String hidden = where.contains("any") ? "any" : where.contains("tenant") ? "key.tenant" : "secret";
        assertTrue(error.getString("message").contains(hidden), error::toString);
    }

    @Test
    void shouldSayTheSameOfAColumnThatIsHiddenAndOfOneThatExistsNowhere() throws BrokenException {
        Served served = byFile();
        appendOrder(served);
        String hidden =
                client(served, ",'where':['data.secret','=',1]").next("error").toString();
        String nowhere =
                client(served, ",'where':['data.nought','=',1]").next("error").toString();
        assertEquals(nowhere.replace("nought", "secret"), hidden);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "['data.total','=',2]",
                "[['topic','=','others'],['data.secret','=',1]]",
                "[['topic','in',['others','more']],['not',['any','like','x']]]",
                "['not',[['topic','=','others'],['data.secret','=',1]]]"
            })
    void shouldTakeFiltersThatAskForWhatIsShown(String where) throws BrokenException {
        if (where.contains("data.total")) {
            where = "[['topic','=','orders']," + where + "]";
        }
        client(byFile(), ",'where':" + where).next("subscribed");
    }

    @Test
    void shouldAnswerAlikeWhenARenderingDoesNotExistAndWhenItIsNotForTheClient() throws BrokenException {
        Served served = byFile();
        JsonObject none = client(served, ",'render':'nought'").next("error");
        JsonObject notMine = client(served, ",'render':'staff'").next("error");
        assertEquals("render_unknown", none.getString("code"));
        assertEquals(none.toString().replace("nought", "staff"), notMine.toString());
    }

    @Test
    void shouldEndASubscriptionWhenTheNewTokenMayNotSeeEventsSo() throws BrokenException {
        Principal clerk = new Principal("eve", Map.of("role", Json.createValue("clerk")), Optional.empty());
        KnownTokens tokens = new KnownTokens().with("clerk", clerk).with("guest", "eve");
        Served served = served(parse(TWO), options -> options.authentication(Authentication.by(tokens)));
        TestClient client = TestClient.withToken(served.port(), "clerk");
        opened.add(client);
        client.send("{'type':'subscribe','sub':'s','render':'staff'}");
        client.skipTo("caughtUp");
        appendOrder(served);
        assertTrue(client.skipTo("events").toString().contains("hidden"));
        client.send("{'type':'auth','token':'guest'}");
        assertEquals("render_unknown", client.skipTo("error").getString("code"));
        assertEquals("error", client.skipTo("unsubscribed").getString("reason"));
        appendOrder(served);
        client.send("{'type':'subscribe','sub':'s','from':'start'}");
        assertFalse(client.skipTo("events").toString().contains("hidden"));
    }

    @Test
    void shouldSayTheSizeOfWhatWouldHaveBeenShownWhenThatIsTooLarge() throws BrokenException {
        Served served = byFile();
        TestClient client = client(served, ",'maxMessage':1024");
        client.skipTo("caughtUp");
        served.append("orders", "{'id':1,'secret':'" + "hidden".repeat(1_000) + "'}");
        assertEquals(
                "{\"id\":1}",
                first(client.skipTo("events")).getJsonObject("data").toString());
        served.append("orders", "{'id':'" + "x".repeat(2_000) + "','secret':'" + "hidden".repeat(1_000) + "'}");
        int bytes = first(client.skipTo("events")).getInt("bytes");
        assertTrue(bytes > 2_000 && bytes < 2_300, () -> "bytes: " + bytes);
    }

    /** With a limit of its own choice a client would learn how long is what it isn't shown. */
    @Test
    void shouldCutMessagesByWhatIsShownAlone() throws BrokenException {
        Served served = byFile();
        for (int i = 0; i < 5; i++) {
            served.append("orders", "{'id':1,'secret':'" + "hidden".repeat(1_000) + "'}");
        }
        served.awaitHead();
        TestClient client = client(served, ",'from':'start','maxMessage':1024");
        assertEquals(5, client.skipTo("events").getJsonArray("items").size());
    }

    // ---- renderers that take time

    /** Says what the test says, when it says it. */
    private static final class HandRenderer implements Renderer {
        private final List<List<Event>> asked = new ArrayList<>();
        private final List<CompletableFuture<List<Rendered>>> answers = new ArrayList<>();

        @Override
        public synchronized CompletionStage<List<Rendered>> render(List<Event> events) {
            asked.add(events);
            CompletableFuture<List<Rendered>> answer = new CompletableFuture<>();
            answers.add(answer);
            return answer;
        }

        private synchronized int calls() {
            return answers.size();
        }

        private CompletableFuture<List<Rendered>> call(int n) {
            await().until(() -> calls() > n);
            synchronized (this) {
                return answers.get(n);
            }
        }

        private static Rendered shown(String data) {
            return new Rendered.Shown(Optional.empty(), Optional.of(json(data)), Optional.empty());
        }
    }

    @Test
    void shouldWaitAndAskAgainWhenARendererFailsInWhateverWay() {
        HandRenderer hand = new HandRenderer();
        Served served = served(Map.of("default", hand), options -> options);
        TestClient client = client(served, "");
        client.skipTo("caughtUp");
        appendOrder(served);
        hand.call(0).completeExceptionally(new IllegalStateException("failed by the test"));
        hand.call(1).complete(List.of());
        hand.call(2).complete(List.of(HandRenderer.shown("{'total':1}"), HandRenderer.shown("{'total':2}")));
        await().until(() -> failures.get() == 3);
        hand.call(3).complete(List.of(HandRenderer.shown("{'total':'2 EUR'}")));
        JsonObject events = client.skipTo("events");
        assertEquals(
                "{\"total\":\"2 EUR\"}", first(events).getJsonObject("data").toString());
        assertFalse(events.toString().contains("hidden"), events::toString);
        assertEquals(served.log.range().head(), id(events, "to"));
    }

    @Test
    void shouldSendAnEventThatCantBeRenderedWithoutAnythingOfItAndGoOn() {
        HandRenderer hand = new HandRenderer();
        Served served = served(Map.of("default", hand), options -> options);
        TestClient client = client(served, "");
        client.skipTo("caughtUp");
        appendOrder(served);
        hand.call(0).complete(List.of(new Rendered.Failed("raised by the test")));
        JsonObject item = first(client.skipTo("events"));
        assertEquals("[\"key\",\"data\",\"old\"]", item.getJsonArray("omitted").toString());
        assertEquals(0, item.getInt("bytes"));
        assertFalse(item.toString().contains("hidden"), item::toString);
        assertEquals(1, unrendered.get());
        served.append("orders");
        hand.call(1).complete(List.of(HandRenderer.shown("{'n':1}")));
        assertEquals(
                "{\"n\":1}",
                first(client.skipTo("events")).getJsonObject("data").toString());
    }

    @Test
    void shouldRenderAnEventOnceForAllWhoseFiltersItMatches() {
        HandRenderer hand = new HandRenderer();
        Served served = served(Map.of("default", hand), options -> options);
        TestClient one = client(served, "");
        TestClient other = client(served, ",'where':['topic','=','orders']");
        one.skipTo("caughtUp");
        other.skipTo("caughtUp");
        appendOrder(served);
        hand.call(0).complete(List.of(HandRenderer.shown("{'n':1}")));
        assertEquals(first(one.skipTo("events")), first(other.skipTo("events")));
        assertEquals(1, hand.calls());
    }

    @Test
    void shouldRefuseAllFiltersOnColumnsByDefaultSinceARendererMayHideThem() {
        Served served = served(Map.of("default", new HandRenderer()), options -> options);
        assertEquals(
                "filter_hidden",
                client(served, ",'where':['data.id','=',1]").next("error").getString("code"));
    }

    @Test
    void shouldRefuseRenderingsOfWhichNoneIsForThoseWhoAskForNone() {
        EndpointOptions.Builder options = EndpointOptions.builder();
        Map<String, Renderer> others = Map.of("other", new HandRenderer());
        assertThrows(IllegalArgumentException.class, () -> options.renderings(others));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{'other':{'topics':{}}}",
                "{'default':{}}",
                "{'default':{'topics':{},'colour':'red'}}",
                "{'default':{'topics':{'a*b':[]}}}",
                "{'default':{'topics':{'a':[1]}}}",
                "{'default':{'topics':{'a':'id'}}}",
                "{'default':{'topics':{'a':{'columns':['id']}}}}",
                "{'default':{'when':{'role':null},'topics':{}}}"
            })
    void shouldRefuseAFileThatItDoesNotUnderstand(String file) {
        assertThrows(BrokenException.class, () -> RenderingsFile.parse(file.replace('\'', '"')));
    }

    @Test
    void shouldTakeTheLongestBeginningThatFitsWhenATopicHasNoRuleOfItsOwn() throws BrokenException {
        Renderer rules = parse("{'default':{'topics':{'*':['a'],'app.*':['b'],'app.x':['c']}}}")
                .getOrDefault("default", new HandRenderer());
        assertEquals("[a]", rules.columns(Optional.of("other")).orElseThrow().toString());
        assertEquals("[b]", rules.columns(Optional.of("app.y")).orElseThrow().toString());
        assertEquals("[c]", rules.columns(Optional.of("app.x")).orElseThrow().toString());
        assertEquals("[]", rules.columns(Optional.empty()).orElseThrow().toString());
    }
}
