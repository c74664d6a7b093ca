package dev.everafter.server.standalone;

import dev.everafter.core.EventLog;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.BearerToken;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /admin/revoke?subject=bob}, or without a subject for everyone: what that subject may see has changed. Answered
 * by 204 once it is in the log. Without the one token that is configured it is 401, and without one that is configured
 * there is no such page. Tokens are compared in a time that says nothing about where they differ.
 *
 * <p>Safe for use by any thread, and doesn't block; the log is written to by a thread of its own, which ends when idle.
 */
final class AdminPage {
    static final String REVOKE = "/admin/revoke";

    private static final Logger LOG = LoggerFactory.getLogger(AdminPage.class);
    private static final String BEARER = "Bearer ";
    private static final String SUBJECT = "subject=";
    private static final int WAITING = 64;

    private final BearerToken token;
    private final EventLog log;
    private final ThreadPoolExecutor writer;

    AdminPage(BearerToken token, EventLog log) {
        this.token = token;
        this.log = log;
        this.writer = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(WAITING), task -> {
            Thread thread = new Thread(task, "everafter-admin");
            thread.setDaemon(true);
            return thread;
        });
        this.writer.allowCoreThreadTimeOut(true);
    }

    void revoke(Request request, Response response) throws IOException {
        if (request.getMethod() != Method.POST) {
            response.setHeader("Allow", "POST");
            Pages.send(response, 405, "text/plain", "only POST\n");
            return;
        }
        if (!isAdmin(request.getHeader("Authorization"))) {
            response.setHeader("WWW-Authenticate", "Bearer");
            Pages.send(response, 401, "text/plain", "needs the admin token, as Authorization: Bearer TOKEN\n");
            return;
        }
        Optional<Revocation> revocation = revocation(Optional.ofNullable(request.getQueryString()));
        if (revocation.isEmpty()) {
            Pages.send(response, 400, "text/plain", "expected ?subject=NAME, or nothing for everyone\n");
            return;
        }
        response.suspend();
        try {
            writer.execute(() -> write(revocation.get(), response));
        } catch (RejectedExecutionException e) {
            response.resume();
            Pages.send(response, 503, "text/plain", "too many are waiting: try again later\n");
        }
    }

    private boolean isAdmin(@Nullable String header) {
        return header != null
                && header.startsWith(BEARER)
                && BearerToken.parse(header.substring(BEARER.length()).strip())
                        .filter(token::equals)
                        .isPresent();
    }

    private static Optional<Revocation> revocation(Optional<String> query) {
        if (query.isEmpty() || query.get().isEmpty()) {
            return Optional.of(Revocation.OF_EVERYONE);
        }
        String text = query.get();
        if (!text.startsWith(SUBJECT) || text.contains("&")) {
            return Optional.empty();
        }
        try {
            return Optional.of(URLDecoder.decode(text.substring(SUBJECT.length()), StandardCharsets.UTF_8))
                    .filter(subject -> !subject.isEmpty())
                    .map(subject -> new Revocation(Optional.of(subject)));
        } catch (IllegalArgumentException e) {
            // A % that begins nothing.
            return Optional.empty();
        }
    }

    private void write(Revocation revocation, Response response) {
        try {
            try {
                log.revoke(revocation);
                LOG.info("revoked: {}", revocation.subject().orElse("everyone"));
                response.setStatus(204);
            } catch (RuntimeException e) {
                LOG.warn("could not revoke {}", revocation.subject().orElse("everyone"), e);
                Pages.send(response, 503, "text/plain", "could not be written to the log: try again later\n");
            }
        } catch (IOException e) {
            LOG.debug("the admin has hung up", e);
        } finally {
            response.resume();
        }
    }

    void close() {
        writer.shutdown();
    }
}
