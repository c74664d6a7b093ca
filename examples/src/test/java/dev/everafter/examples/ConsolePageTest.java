package dev.everafter.examples;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;

/** The console page as a user has it: in a real browser, from a real server. */
class ConsolePageTest {
    @SuppressWarnings("NullAway.Init")
    private static Browser browser;

    /** Long enough for a busy machine: the tests count how often the page has connected anew. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(2);

    private final Served served = new Served(1 << 20, Set.of(), HEARTBEAT);

    @BeforeAll
    static void startBrowser() {
        browser = Browser.start();
    }

    @AfterAll
    static void endBrowser() {
        if (Objects.nonNull(browser)) {
            browser.close();
        }
    }

    @BeforeEach
    void open() {
        browser.resize(1280, 800);
        browser.driver.get("http://127.0.0.1:" + served.port() + "/");
        awaitText("state", "live");
    }

    @AfterEach
    void close() {
        served.close();
    }

    // ---- the promise

    @ParameterizedTest
    @CsvSource({"wide, 1280, 800", "narrow, 480, 800"})
    void shouldShowEachEventOnceWhenTheServerIsStoppedAndStarted(String name, int width, int height) throws Exception {
        browser.resize(width, height);
        try (ServedDatabase database = new ServedDatabase()) {
            database.execute("INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 3) n");
            browser.driver.get("http://127.0.0.1:" + database.port() + "/");
            awaitText("state", "live");
            subscribeFromStart();
            awaitText("events", "3");

            database.stop();
            awaitText("state", "reconnecting");
            database.execute("UPDATE orders SET state = 'paid'");
            database.execute("DELETE FROM orders WHERE id = 2");
            browser.screenshot("console-" + name + "-reconnecting");
            database.start();
            database.execute("INSERT INTO orders VALUES (4, 'new')");
            // Whatever came twice or too late has come before this one.
            awaitRows(8);
            database.execute("INSERT INTO orders VALUES (5, 'last')");
            awaitRows(9);

            assertEquals(newestFirst(database.ids()), shownIds());
            assertEquals("0", text("losses"));
            assertEquals("1", text("reconnects"));
            awaitText("state", "live");
            browser.screenshot("console-" + name);
        }
        assertEquals(0, browser.overflow(), "it can be scrolled sideways");
    }

    @Test
    void shouldShowWhatTheLogHoldsWhenTheServerIsRestartedAgainAndAgain() {
        append(300);
        subscribeFromStart();
        awaitText("events", "300");
        for (int seen = 350; seen <= 450; seen += 50) {
            served.restart();
            append(50);
            awaitText("events", Integer.toString(seen));
        }
        append(1);
        awaitText("events", "451");
        assertEquals(newestFirst(ids(served.events())), shownIds());
    }

    // ---- loss is loud

    @Test
    void shouldSayAloudThatEventsAreLostWhenTheyWerePrunedMeanwhile() {
        // No tail in memory that would still have them.
        try (Served forgetful = new Served(1, Set.of(), HEARTBEAT)) {
            browser.driver.get("http://127.0.0.1:" + forgetful.port() + "/");
            awaitText("state", "live");
            append(forgetful, 2);
            awaitText("events", "2");
            click("link");
            awaitText("state", "closed");
            append(forgetful, 3);
            forgetful.log.prune(4);
            append(forgetful, 1);
            click("link");
            awaitRows(5);

            assertEquals("1", text("losses"));
            assertTrue(text("notices").contains("the events after 2 up to 4 are no longer retained"), text("notices"));
            assertEquals(List.of("6", "5", "lost", "2", "1"), shownIds());
        }
    }

    @Test
    void shouldStrikeOutWhatMayNeverHaveHappenedWhenTheLogIsPutBack() {
        append(3);
        awaitText("events", "3");
        served.log.rewind(1);
        append(1);
        awaitRows(5);

        assertEquals("1", text("losses"));
        assertEquals(List.of("2", "lost", "3", "2", "1"), shownIds());
        assertEquals(2, browser.driver.findElements(By.cssSelector("li.undone")).size());
        assertEquals(served.log.range().epoch(), text("epoch"));
    }

    @Test
    void shouldAskAgainFromItsPlaceWhenAMessageLeavesAHole() {
        append(2);
        awaitText("events", "2");
        browser.run("receive({type: 'events', ref, after: 5, to: 6, items: []})");
        append(1);
        awaitRows(3);

        assertTrue(text("notices").contains("A message began after 5 although this page is at 2"), text("notices"));
        assertEquals(List.of("3", "2", "1"), shownIds());
        assertEquals("1", text("reconnects"));
    }

    @Test
    void shouldConnectAnewWhenNothingThatItSaysReachesTheServer() {
        append(1);
        awaitText("events", "1");
        browser.run("socket.send = () => {}");
        awaitText("reconnects", "1");
        append(1);
        awaitRows(2);

        assertEquals(List.of("2", "1"), shownIds());
    }

    @Test
    void shouldKeepItsPlaceUntilTheLossIsSaidWhenTheConnectionEndsBeforeTheGap() {
        append(3);
        awaitText("events", "3");
        browser.run("receive({type: 'subscribed', sub: SUB, ref, after: 1, epoch: 'another', head: 1})");
        assertEquals("3", text("position"));
        assertEquals(served.log.range().epoch(), text("epoch"));
    }

    // ---- the form

    @Test
    void shouldTellTheFaultAtItsFieldWhenSomethingIsWrongThere() {
        type("where", "[\"topic\" = 1]");
        choose("after");
        type("after", "-1");
        subscribe();
        assertTrue(text("where-error").contains("not JSON"), text("where-error"));
        assertTrue(text("after-error").contains("whole number"), text("after-error"));
        assertEquals("live", text("state"), "what runs goes on");

        type("where", "[\"topic\", \"resembles\", \"x\"]");
        type("after", "0");
        subscribe();
        awaitText("state", "closed");
        assertTrue(text("where-error").contains("unknown operator \"resembles\""), text("where-error"));
        assertEquals("", text("after-error"));

        type("where", "");
        type("after", "99");
        subscribe();
        awaitText("state", "closed");
        assertTrue(text("after-error").contains("99"), text("after-error"));

        type("where", "[\"topic\", \"=\", \"t\"]");
        type("after", "0");
        subscribe();
        awaitText("state", "live");
        append(1);
        awaitRows(1);
    }

    @Test
    void shouldShowEventsSinceATimeWhenAskedFor() {
        append(2);
        choose("time");
        browser.run("document.getElementById('time').value = '2001-01-01T00:00:00'");
        subscribe();
        awaitRows(2);
    }

    // ---- the list

    @Test
    void shouldStandStillWhenPausedOrWhileAnEventIsOpen() {
        append(1);
        awaitRows(1);
        click("pause");
        append(1);
        awaitText("waiting", "1 new, paused");
        assertEquals(List.of("1"), shownIds());
        click("pause");
        awaitRows(2);

        browser.driver.findElement(By.cssSelector("summary")).click();
        append(1);
        awaitText("waiting", "1 new, while an event is open");
        browser.driver.findElement(By.cssSelector("summary")).click();
        awaitRows(3);
        assertEquals("", text("waiting"));
    }

    @Test
    void shouldKeepTheNewestWhenMoreComeThanItLists() {
        append(700);
        awaitText("shown", "The newest 500 of 700 events.");
        assertEquals(newestFirst(ids(served.events())).subList(0, 500), shownIds());
    }

    @Test
    void shouldShowTextAndExactNumbersWhateverAnEventHolds() {
        String markup = "<img src=x onerror=document.title='run'>";
        served.log.append(List.of(Change.update(
                markup,
                RawJson.of("{\"id\":12345678901234567890}"),
                RawJson.of("{\"price\":12.50,\"note\":\"" + markup + "\"}"),
                RawJson.of("{\"price\":1.0}"))));
        served.log.append("a_topic_without_an_end".repeat(20), "insert", RawJson.of("\"" + "x".repeat(2000) + "\""));
        awaitRows(2);
        for (WebElement summary : browser.driver.findElements(By.cssSelector("summary"))) {
            summary.click();
        }
        await().until(() -> browser.driver.findElements(By.cssSelector("pre")).size() == 2);

        String list = text("list");
        assertTrue(list.contains("id 12345678901234567890, price: 1.0 \u2192 12.50"), list);
        assertTrue(list.contains("\"note\": \"" + markup + "\""), list);
        assertEquals(0, browser.driver.findElements(By.cssSelector("img")).size());
        browser.resize(320, 640);
        assertEquals(0, browser.overflow(), "it can be scrolled sideways");
    }

    @Test
    void shouldNameEachFieldForThoseWhoHearThePage() {
        for (WebElement field : browser.driver.findElements(By.cssSelector("input, select"))) {
            assertFalse(
                    browser.driver
                            .findElements(By.cssSelector("label[for=" + field.getAttribute("id") + "]"))
                            .isEmpty(),
                    field::toString);
        }
        assertEquals("status", element("state").getAriaRole());
    }

    // ---- what the tests say and see

    private void append(int events) {
        append(served, events);
    }

    private static void append(Served served, int events) {
        for (int i = 0; i < events; i++) {
            served.log.append("t", "insert", RawJson.of("{\"n\":" + i + "}"));
        }
    }

    private static WebElement element(String id) {
        return browser.driver.findElement(By.id(id));
    }

    private static String text(String id) {
        return element(id).getText();
    }

    private static void click(String id) {
        element(id).click();
    }

    private static void type(String id, String text) {
        element(id).clear();
        element(id).sendKeys(text);
    }

    private static void choose(String from) {
        browser.driver
                .findElement(By.cssSelector("#from option[value=" + from + "]"))
                .click();
    }

    private static void subscribe() {
        browser.driver.findElement(By.cssSelector("form button")).click();
    }

    private static void subscribeFromStart() {
        choose("start");
        subscribe();
    }

    private static void awaitText(String id, String expected) {
        await().untilAsserted(() -> assertEquals(expected, text(id)));
    }

    private static void awaitRows(int rows) {
        await().untilAsserted(() -> assertEquals(rows, shownIds().size()));
    }

    /** From the top of the list; a loss is {@code lost}. */
    private static List<String> shownIds() {
        List<?> ids = (List<?>) browser.run(
                "return Array.from(document.getElementById('list').children, row => row.dataset.id ?? 'lost')");
        return ids.stream().map(String::valueOf).toList();
    }

    private static List<Long> ids(List<Event> events) {
        return events.stream().map(Event::id).toList();
    }

    private static List<String> newestFirst(List<Long> ids) {
        List<String> reversed =
                new ArrayList<>(ids.stream().map(String::valueOf).toList());
        Collections.reverse(reversed);
        return reversed;
    }
}
