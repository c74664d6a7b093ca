package dev.everafter.examples;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import dev.everafter.testkit.TcpProxy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the page in a browser, and its script in Node.js with the little of a document that it asks for; each where there is one. */
class BrowserPageTest {
    private static final String DOCUMENT = """
            globalThis.location = {search: "?url=" + process.argv[2]};
            globalThis.document = {
              createElement: () => ({}),
              getElementById: () => ({append: line => console.log(line.textContent)}),
            };
            """;

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldShowEachEventOnceAcrossCuts() throws Exception {
        assumeTrue(nodeSpeaksWebSocket(), "no Node.js with WebSocket");
        Path script = Files.writeString(directory.resolve("page.js"), DOCUMENT + script());
        List<String> shown = new CopyOnWriteArrayList<>();
        try (Served served = new Served(1 << 20);
                TcpProxy proxy = TcpProxy.to(served.port())) {
            append(served, 3);
            Process node = new ProcessBuilder(
                            "node",
                            "--experimental-websocket",
                            script.toString(),
                            Served.uri(proxy.port()).toString())
                    .redirectErrorStream(true)
                    .start();
            try {
                Thread reader = new Thread(() -> readLines(node, shown));
                reader.start();
                await().until(() -> shown.size() == 3);
                proxy.cutAll();
                append(served, 2);
                await().until(() -> shown.size() >= 5);
                served.restart();
                append(served, 1);
                await().until(() -> shown.size() >= 6);
                assertEquals(served.events().stream().map(Event::toString).toList(), shown);
            } finally {
                node.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void shouldShowEachEventOnceInARealBrowserAcrossCuts() throws Exception {
        HttpServer site = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        site.createContext("/", BrowserPageTest::servePage);
        site.start();
        String origin = "http://127.0.0.1:" + site.getAddress().getPort();
        try (Browser browser = Browser.start();
                Served served = new Served(1 << 20, Set.of(origin));
                TcpProxy proxy = TcpProxy.to(served.port())) {
            append(served, 3);
            browser.driver.get(origin + "/?url=" + Served.uri(proxy.port()));
            awaitLines(browser, 3);
            proxy.cutAll();
            append(served, 2);
            awaitLines(browser, 5);
            served.restart();
            append(served, 1);
            awaitLines(browser, 6);
            assertEquals(served.events().stream().map(Event::toString).toList(), lines(browser));
        } finally {
            site.stop(0);
        }
    }

    private static void servePage(HttpExchange exchange) throws IOException {
        byte[] page = page().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
        exchange.sendResponseHeaders(200, page.length);
        exchange.getResponseBody().write(page);
        exchange.close();
    }

    private static void awaitLines(Browser browser, int lines) {
        await().untilAsserted(() -> assertEquals(lines, lines(browser).size()));
    }

    private static List<?> lines(Browser browser) {
        return (List<?>) browser.run("return Array.from(document.querySelectorAll('li'), line => line.textContent)");
    }

    @Test
    void shouldHoldOneScript() throws IOException {
        assertTrue(script().contains("everafter.v1"));
    }

    private static String script() throws IOException {
        String page = page();
        return page.substring(page.indexOf("<script>") + "<script>".length(), page.indexOf("</script>"));
    }

    private static String page() throws IOException {
        try (InputStream in = BrowserPageTest.class.getResourceAsStream("browser.html")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static boolean nodeSpeaksWebSocket() throws InterruptedException {
        try {
            return new ProcessBuilder(
                                    "node",
                                    "--experimental-websocket",
                                    "-e",
                                    "process.exit(globalThis.WebSocket ? 0 : 1)")
                            .redirectErrorStream(true)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static void readLines(Process node, List<String> lines) {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8))) {
            out.lines().filter(line -> line.startsWith("{")).forEach(lines::add);
        } catch (IOException e) {
            // Node was ended.
        }
    }

    private static void append(Served served, int events) {
        for (int i = 0; i < events; i++) {
            served.log.append("orders", "insert", RawJson.of("{\"n\":" + i + "}"));
        }
    }
}
