package dev.everafter.server.standalone;

import dev.everafter.core.EventHub;
import dev.everafter.core.LogStatus;
import dev.everafter.core.Position;
import dev.everafter.server.spi.BearerToken;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.spi.JsonProvider;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.RequestExecutorProvider;
import org.glassfish.grizzly.http.server.Response;

/**
 * What is served beside the events: health, and the console page.
 *
 * <p>{@code /health/live} answers 200 as long as it answers. {@code /health/ready} answers 200 while the log is followed,
 * else 503 with the reason; where the server speaks TLS, it says when the certificate ends.
 *
 * <p>With an admin token there is {@code /admin/revoke} too, see {@link AdminPage}.
 *
 * <p>Safe for use by any thread; nothing here blocks, so it runs in the selector threads.
 */
final class Pages extends HttpHandler {
    private static final JsonProvider JSON = JsonProvider.provider();

    private final EventHub hub;
    private final Optional<TlsEngines> engines;
    private final String prefix;
    private final Optional<AdminPage> admin;
    private final ConsolePage console = ConsolePage.load();
    private volatile boolean draining;

    /**
     * @param prefix before each path, with no slash at its end
     * @param adminToken with which rights may be revoked; without one, nobody can
     */
    Pages(EventHub hub, Optional<TlsEngines> engines, String prefix, Optional<BearerToken> adminToken) {
        this.prefix = prefix;
        this.hub = hub;
        this.engines = engines;
        this.admin = adminToken.map(token -> new AdminPage(token, hub.log()));
    }

    /** From now on the server isn't ready any more. */
    void draining() {
        draining = true;
    }

    @Override
    public RequestExecutorProvider getRequestExecutorProvider() {
        return new RequestExecutorProvider.SameThreadProvider();
    }

    @Override
    public void service(Request request, Response response) throws IOException {
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Cache-Control", "no-store");
        if (admin.isPresent() && request.getRequestURI().equals(prefix + AdminPage.REVOKE)) {
            admin.get().revoke(request, response);
            return;
        }
        if (request.getMethod() != Method.GET && request.getMethod() != Method.HEAD) {
            response.setHeader("Allow", "GET, HEAD");
            send(response, 405, "text/plain", "only GET and HEAD\n");
            return;
        }
        String path = request.getRequestURI();
        switch (path.startsWith(prefix) ? path.substring(prefix.length()) : "elsewhere") {
            // Without its slash the page's links would lead past the prefix.
            case "" -> {
                response.setHeader("Location", prefix + "/");
                send(response, 308, "text/plain", "see " + prefix + "/\n");
            }
            case "/health/live" -> send(response, 200, "application/json", "{\"live\":true}\n");
            case "/health/ready" -> ready(response);
            case "/" -> console.send(request, response);
            case "/ws" -> {
                response.setHeader("Upgrade", "websocket");
                response.setHeader("Sec-WebSocket-Version", HandshakeCheck.VERSION);
                send(response, 426, "text/plain", "this is a WebSocket endpoint, see docs/protocol.md\n");
            }
            default ->
                send(
                        response,
                        404,
                        "text/plain",
                        "nothing here: %1$s/, %1$s/ws, %1$s/health/live, %1$s/health/ready\n".formatted(prefix));
        }
    }

    void close() {
        admin.ifPresent(AdminPage::close);
    }

    private void ready(Response response) throws IOException {
        Optional<String> problem = problem();
        JsonObject body = problem.isPresent()
                ? JSON.createObjectBuilder()
                        .add("ready", false)
                        .add("reason", problem.get())
                        .build()
                : following();
        send(response, problem.isPresent() ? 503 : 200, "application/json", body + "\n");
    }

    private Optional<String> problem() {
        if (draining) {
            return Optional.of("the server is shutting down");
        }
        LogStatus status = hub.log().status();
        if (!status.following()) {
            return Optional.of(status.problem().orElse("the log is not followed"));
        }
        return hub.head().isPresent() ? Optional.empty() : Optional.of("the log's head is not known yet");
    }

    private JsonObject following() {
        Position head = hub.head().orElseThrow();
        JsonObjectBuilder body = JSON.createObjectBuilder()
                .add("ready", true)
                .add("epoch", head.epoch())
                .add("head", head.id());
        engines.ifPresent(made -> body.add("certificateExpires", made.expires().toString()));
        return body.build();
    }

    static void send(Response response, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        // Among the headers, for to a request that asks for h2c (as Java's own client does) Grizzly adds none itself.
        response.getResponse().getHeaders().setValue("Content-Type").setString(type + "; charset=utf-8");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
