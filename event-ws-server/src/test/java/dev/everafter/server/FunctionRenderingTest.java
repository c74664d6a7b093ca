package dev.everafter.server;

import static dev.everafter.server.ConversationTest.id;
import static dev.everafter.server.ConversationTest.ids;
import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import dev.everafter.server.FileInForce.BrokenException;
import dev.everafter.server.spi.Rendered;
import dev.everafter.server.spi.Renderer;
import dev.everafter.testkit.PostgresFixture;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What functions of a real database make of events, seen by clients over real sockets. */
class FunctionRenderingTest {
    private static final String FILE = """
            {'default': {'topics': {
                'orders': {'function': 'api.orders', 'key': ['id']},
                'keyless': {'function': 'api.orders'}}}}""";

    private final String url = PostgresFixture.shared().newDatabase();
    private final DataSource database = PostgresFixture.shared().dataSource(url);
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final AtomicInteger failures = new AtomicInteger();

    @BeforeEach
    void createFunction() throws SQLException {
        execute("CREATE SCHEMA api");
        create("jsonb_build_object('total', row->>'cents' || ' ct', 'at', statement_timestamp())");
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The function by which orders are shown, from now on. */
    private void create(String expression) throws SQLException {
        execute("CREATE OR REPLACE FUNCTION api.orders(\"row\" jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$"
                + " BEGIN RETURN " + expression + "; END $$");
    }

    private Map<String, Renderer> renderers(String file) throws BrokenException {
        return RenderingsFile.parse(file.replace('\'', '"')).renderers(() -> database);
    }

    private Served served() throws BrokenException {
        Map<String, Renderer> renderers = renderers(FILE);
        Served served = Served.with(options -> options.renderings(renderers)
                .heartbeat(Duration.ofMillis(100))
                .listener(new ServerListener() {
                    @Override
                    public void onRendererFailed() {
                        failures.incrementAndGet();
                    }
                }));
        opened.add(served);
        return served;
    }

    private TestClient client(Served served, String members) {
        TestClient client = TestClient.welcomed(served.port());
        opened.add(client);
        client.send("{'type':'subscribe','sub':'s'" + members + "}");
        return client;
    }

    private TestClient live(Served served, String members) {
        TestClient client = client(served, members);
        client.skipTo("caughtUp");
        return client;
    }

    private static RawJson json(String text) {
        return RawJson.of(text.replace('\'', '"'));
    }

    private static void appendOrder(Served served, int cents) {
        served.log.append(List.of(Change.update(
                "orders",
                json("{'id':7,'tenant':'hidden'}"),
                json("{'cents':" + cents + ",'secret':'hidden'}"),
                json("{'cents':1,'secret':'hidden'}"))));
    }

    private static List<JsonObject> items(TestClient client, int count) {
        List<JsonObject> items = new ArrayList<>();
        while (items.size() < count) {
            JsonObject events = client.skipTo("events");
            assertFalse(events.toString().contains("hidden"), events::toString);
            items.addAll(events.getJsonArray("items").getValuesAs(JsonObject.class));
        }
        assertEquals(count, items.size());
        return items;
    }

    private static String total(JsonObject item) {
        return item.getJsonObject("data").getString("total");
    }

    @Test
    void shouldShowWhatTheFunctionMakesOfDataAndOfTheRestTheKeysListedColumnsAlone() throws Exception {
        Served served = served();
        TestClient live = live(served, "");
        appendOrder(served, 250);
        TestClient replay = client(served, ",'from':'start'");
        for (TestClient client : List.of(live, replay)) {
            JsonObject item = items(client, 1).get(0);
            assertEquals(Set.of("id", "at", "topic", "type", "key", "data", "tx", "last"), item.keySet());
            assertEquals("{\"id\":7}", item.getJsonObject("key").toString());
            assertEquals(Set.of("total", "at"), item.getJsonObject("data").keySet());
            assertEquals("250 ct", total(item));
        }
    }

    @Test
    void shouldShowNothingOfARowThatIsGoneOrLeftButTheKeysListedColumns() throws Exception {
        create("1 / 0");
        Served served = served();
        TestClient all = live(served, "");
        RawJson key = json("{'id':7,'tenant':'hidden'}");
        served.log.append(List.of(Change.delete("orders", key, json("{'cents':1,'secret':'hidden'}"))));
        JsonObject deleted = items(all, 1).get(0);
        assertEquals("{\"id\":7}", deleted.getJsonObject("key").toString());
        assertFalse(deleted.containsKey("data") || deleted.containsKey("old"), deleted::toString);

        all.send("{'type':'unsubscribe','sub':'s'}");
        all.skipTo("unsubscribed");
        TestClient some = live(served, ",'where':[['topic','=','orders'],['data.id','=',7]]");
        served.log.append(List.of(
                Change.update("orders", key, json("{'id':8,'secret':'hidden'}"), json("{'id':7,'secret':'hidden'}"))));
        JsonObject left = items(some, 1).get(0);
        assertTrue(left.getBoolean("left"), left::toString);
        assertEquals("{\"id\":7}", left.getJsonObject("key").toString());
        assertFalse(left.containsKey("data") || left.containsKey("old"), left::toString);
        assertEquals(0, failures.get());
    }

    @Test
    void shouldShowNoKeyWhenNoneOfItsColumnsIsListed() throws Exception {
        Served served = served();
        TestClient client = live(served, "");
        served.log.append(List.of(
                Change.update("keyless", json("{'tenant':'hidden'}"), json("{'cents':3}"), json("{'cents':1}"))));
        JsonObject item = items(client, 1).get(0);
        assertEquals("3 ct", total(item));
        assertEquals("{}", item.getJsonObject("key").toString());
    }

    @Test
    void shouldShowAnEventWithoutDataWhenTheFunctionGivesNull() throws Exception {
        create("nullif(\"row\", '{\"n\":1}')");
        Served served = served();
        TestClient client = live(served, "");
        long first = served.append("orders", "{'n':1}");
        long second = served.append("orders", "{'n':2}");
        List<JsonObject> items = items(client, 2);
        assertEquals(first, id(items.get(0), "id"));
        assertFalse(items.get(0).containsKey("data"), items::toString);
        assertEquals(second, id(items.get(1), "id"));
        assertEquals("{\"n\":2}", items.get(1).getJsonObject("data").toString());
    }

    @Test
    void shouldCallNoFunctionForTopicsThatHaveNone() throws Exception {
        create("1 / 0");
        Served served = served();
        TestClient client = live(served, "");
        served.append("others", "{'n':1}");
        assertEquals("{\"n\":1}", items(client, 1).get(0).getJsonObject("data").toString());
        assertEquals(0, failures.get());
    }

    @Test
    void shouldRenderManyEventsByOneStatementInTheirOrder() throws Exception {
        Renderer renderer = renderers(FILE).values().iterator().next();
        List<Event> events = IntStream.range(0, 100)
                .mapToObj(n -> Event.builder(n, "orders", "insert")
                        .data(json("{'cents':" + n + "}"))
                        .build())
                .toList();
        List<JsonObject> data = rendered(renderer, events);
        for (int n = 0; n < 100; n++) {
            assertEquals(n + " ct", data.get(n).getString("total"));
        }
        assertEquals(1, statements(data));
    }

    @Test
    void shouldGiveNoStatementMoreThanItMayHave() throws Exception {
        Renderer renderer = renderers(FILE).values().iterator().next();
        String half = "x".repeat(SqlFunction.MAX_BYTES / 2);
        List<Event> events = new ArrayList<>();
        for (int n = 0; n < 5; n++) {
            events.add(Event.builder(n, "orders", "insert")
                    .data(json("{'cents':" + n + ",'text':'" + (n == 4 ? half.repeat(4) : half) + "'}"))
                    .build());
        }
        List<JsonObject> data = rendered(renderer, events);
        assertEquals("4 ct", data.get(4).getString("total"));
        assertEquals(5, statements(data));
    }

    private static List<JsonObject> rendered(Renderer renderer, List<Event> events) {
        return renderer.render(events).toCompletableFuture().join().stream()
                .map(Rendered.Shown.class::cast)
                .map(shown -> shown.data().orElseThrow().parse().asJsonObject())
                .toList();
    }

    /** By how many the function was called: each has its time. */
    private static int statements(List<JsonObject> data) {
        return new HashSet<>(
                        data.stream().map(rendered -> rendered.getString("at")).toList())
                .size();
    }

    @Test
    void shouldRenderAReplayInFewStatements() throws Exception {
        Served served = served();
        for (int n = 0; n < 300; n++) {
            served.append("orders", "{'cents':" + n + "}");
        }
        served.awaitHead();
        List<JsonObject> items = items(client(served, ",'from':'start'"), 300);
        for (int n = 0; n < 300; n++) {
            assertEquals(n + " ct", total(items.get(n)));
        }
        int statements = statements(
                items.stream().map(item -> item.getJsonObject("data")).toList());
        assertTrue(statements <= 30, () -> statements + " statements for 300 events");
    }

    @Test
    void shouldHoldWhileTheFunctionFailsAndGoOnWithEachEventOnceWhenItIsRepaired() throws Exception {
        create("1 / (\"row\"->>'n')::int");
        Served served = served();
        TestClient client = live(served, "");
        TestClient others = live(served, ",'where':['topic','=','others']");
        long good = served.append("orders", "{'n':1}");
        assertEquals(List.of(good), ids(client.skipTo("events")));
        List<Long> held = new ArrayList<>();
        held.add(served.append("orders", "{'n':0}"));
        held.add(served.append("others"));
        held.add(served.append("orders", "{'n':1}"));
        assertEquals(List.of(held.get(1)), ids(others.skipTo("events")));
        await().until(() -> failures.get() >= 3);
        JsonObject position = client.skipTo("position");
        assertTrue(position.getJsonArray("refs").isEmpty() || id(position, "to") <= good, position::toString);

        create("\"row\" || '{\"repaired\":true}'");
        List<Long> got = new ArrayList<>();
        while (got.size() < held.size()) {
            got.addAll(ids(client.skipTo("events")));
        }
        assertEquals(held, got);
    }

    @Test
    void shouldHoldWhileTheFunctionIsMissingAndGoOnWhenItIsThereAgain() throws Exception {
        Served served = served();
        TestClient client = live(served, "");
        execute("DROP FUNCTION api.orders");
        appendOrder(served, 1);
        appendOrder(served, 2);
        await().until(() -> failures.get() >= 2);
        create("jsonb_build_object('total', row->>'cents')");
        assertEquals(
                List.of("1", "2"),
                items(client, 2).stream().map(FunctionRenderingTest::total).toList());
    }

    @Test
    void shouldHoldRatherThanLetTheFunctionWrite() throws Exception {
        execute("CREATE SEQUENCE api.calls");
        create("jsonb_build_object('total', nextval('api.calls')::text)");
        Served served = served();
        TestClient client = live(served, "");
        appendOrder(served, 1);
        await().until(() -> failures.get() >= 1);
        create("jsonb_build_object('total', 'reads')");
        assertEquals("reads", total(items(client, 1).get(0)));
    }

    @Test
    void shouldKeepNobodyElseWaitingWhenTheFunctionHangs() throws Exception {
        create("jsonb_build_object('total', pg_advisory_xact_lock_shared(1)::text)");
        Served served = served();
        TestClient hanging = live(served, "");
        TestClient others = live(served, ",'where':['topic','=','others']");
        List<Long> all = new ArrayList<>();
        try (Connection connection = database.getConnection();
                Statement lock = connection.createStatement()) {
            lock.execute("SELECT pg_advisory_lock(1)");
            for (int n = 0; n < 50; n++) {
                all.add(served.append("orders"));
                long other = served.append("others");
                assertEquals(List.of(other), ids(others.skipTo("events")));
                all.add(other);
            }
            // The first call has been cut off.
            await().until(() -> failures.get() >= 1);
        }
        List<Long> got = new ArrayList<>();
        while (got.size() < all.size()) {
            got.addAll(ids(hanging.skipTo("events")));
        }
        assertEquals(all, got);
    }

    /** By the database itself: whoever asks has given up long after that. */
    @Test
    void shouldEndAFunctionThatTakesTooLong() throws Exception {
        create("jsonb_build_object('total', pg_advisory_xact_lock_shared(1)::text)");
        Renderer renderer = renderers(FILE).values().iterator().next();
        Event event = Event.builder(1, "orders", "insert").data(json("{}")).build();
        try (Connection connection = database.getConnection();
                Statement lock = connection.createStatement()) {
            lock.execute("SELECT pg_advisory_lock(1)");
            IllegalStateException e = assertTimeoutPreemptively(
                    Duration.ofSeconds(60),
                    () -> assertThrows(IllegalStateException.class, () -> renderer.render(List.of(event))));
            assertTrue(String.valueOf(e.getMessage()).contains("57014"), e.getMessage());
        }
    }

    @Test
    void shouldRefuseFiltersOnWhatTheFunctionMayHide() throws Exception {
        Served served = served();
        String orders = ",'where':[['topic','=','orders'],";
        JsonObject error = client(served, orders + "['data.cents','=',1]]").next("error");
        assertEquals("filter_hidden", error.getString("code"));
        client(served, orders + "['key.id','=',7]]").next("subscribed");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT 1                                                       | api.wrong   | no function api.wrong(jsonb)",
                "CREATE FUNCTION api.wrong(json) RETURNS jsonb RETURN '{}'::jsonb      | api.wrong   | no function api.wrong(jsonb)",
                "CREATE FUNCTION api.wrong(jsonb) RETURNS text RETURN 'x'       | api.wrong   | RETURNS jsonb",
                "CREATE FUNCTION api.wrong(jsonb) RETURNS SETOF jsonb LANGUAGE sql AS 'SELECT $1' | api.wrong | SETOF",
                "CREATE PROCEDURE api.wrong(jsonb) LANGUAGE sql AS ''           | api.wrong   | procedure",
            })
    void shouldRefuseToStartWithAFunctionThatCanNotBeCalled(String sql, String name, String expected) throws Exception {
        execute(sql);
        String file = "{'default':{'topics':{'orders':{'function':'" + name + "'}}}}";
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> renderers(file));
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains(name) && message.contains(expected), message);
    }

    @Test
    void shouldRefuseToStartWithAFunctionThatItMayNotCall() throws Exception {
        String reader = "reader_" + url.replaceAll("\\D+", "_");
        execute("CREATE ROLE " + reader);
        try {
            DataSource restricted = PostgresFixture.shared().dataSource(url + "&options=-c%20role%3D" + reader);
            RenderingsFile file = RenderingsFile.parse(FILE.replace('\'', '"'));
            assertForbidden(file, restricted);
            execute("GRANT USAGE ON SCHEMA api TO " + reader);
            file.renderers(() -> restricted);
            execute("REVOKE EXECUTE ON FUNCTION api.orders FROM public");
            assertForbidden(file, restricted);
            execute("REVOKE USAGE ON SCHEMA api FROM " + reader);
        } finally {
            execute("DROP ROLE " + reader);
        }
    }

    private static void assertForbidden(RenderingsFile file, DataSource database) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> file.renderers(() -> database));
        assertTrue(String.valueOf(e.getMessage()).contains("api.orders(jsonb) may not be called"), e.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'function':'f('}",
                "{'function':'a.b.c'}",
                "{'function':'f; DROP'}",
                "{'function':7}",
                "{'key':['id']}",
                "{'function':'f','key':'id'}",
                "{'function':'f','data':['id']}"
            })
    void shouldRefuseAFileWithAFunctionThatItDoesNotUnderstand(String rule) {
        String file = "{'default':{'topics':{'orders':" + rule + "}}}";
        assertThrows(BrokenException.class, () -> renderers(file));
    }

    @Test
    void shouldCallAFunctionWhoseNameIsQuoted() throws Exception {
        execute(
                "CREATE FUNCTION api.\"Odd; name\"(jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{\"at\":\"odd\"}'::jsonb $$");
        Renderer odd = renderers("{'default':{'topics':{'*':{'function':'api.\\'Odd; name\\''}}}}")
                .values()
                .iterator()
                .next();
        Event event = Event.builder(1, "orders", "insert").data(json("{}")).build();
        assertEquals("odd", rendered(odd, List.of(event)).get(0).getString("at"));
    }
}
