package dev.everafter.server;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Whatever is done with a token, it is in nothing that is logged, at any level, nor in what is said. */
class TokenSecrecyTest {
    private static final String SECRET = "s3cret-t0ken";

    private final Queue<String> logged = new ConcurrentLinkedQueue<>();
    private final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    private final Logger ours = context.getLogger("dev.everafter.server");
    private final java.util.logging.Logger theirs = java.util.logging.Logger.getLogger("org.glassfish");

    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            logged.add(event.getFormattedMessage() + ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
    };
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            logged.add(new SimpleFormatter().format(entry));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        appender.setContext(context);
        appender.start();
        ours.addAppender(appender);
        ours.setLevel(Level.TRACE);
        handler.setLevel(java.util.logging.Level.CONFIG);
        theirs.addHandler(handler);
    }

    @AfterEach
    void stopListening() {
        ours.detachAppender(appender);
        ours.setLevel(null);
        theirs.removeHandler(handler);
    }

    @Test
    void shouldSayNothingOfATokenWhateverIsDoneWithIt() {
        KnownTokens tokens = new KnownTokens()
                .with(SECRET, "alice")
                .answering(SECRET + "-throws", () -> {
                    throw new IllegalStateException("can't parse " + SECRET + "-throws");
                })
                .answering(
                        SECRET + "-fails",
                        () -> CompletableFuture.failedFuture(
                                new IllegalStateException("bind $1 = " + SECRET + "-fails")))
                .answering(
                        SECRET + "-refused",
                        () -> CompletableFuture.completedFuture(Decision.refused(SECRET + "-refused is no token")));
        try (Served server = Served.with(
                options -> options.authentication(Authentication.by(tokens).withTokenInQuery(true))
                        .heartbeat(Duration.ofMinutes(10)))) {
            for (String token :
                    List.of(SECRET + "-throws", SECRET + "-fails", SECRET + "-refused", SECRET + "-unknown")) {
                try (TestClient header = TestClient.withToken(server.port(), token);
                        TestClient query = TestClient.open(server.port(), "/ws?access_token=" + token, Map.of());
                        TestClient message = TestClient.open(server.port())) {
                    message.send("{'type':'auth','token':'" + token + "'}");
                    for (TestClient client : List.of(header, query, message)) {
                        assertFalse(client.closeReason().toString().contains(SECRET), "said in a close");
                    }
                }
            }
            try (TestClient client = TestClient.withToken(server.port(), SECRET)) {
                client.next("welcome");
                for (String message : List.of(
                        SECRET,
                        "['" + SECRET + "']",
                        "'" + SECRET + "'",
                        "{'type':'auth','token':'" + SECRET + "'",
                        "{'type':'auth','token':'" + SECRET + " '}",
                        "{'type':'auth','token':['" + SECRET + "']}")) {
                    client.send(message);
                    assertFalse(client.next("error").toString().contains(SECRET), "said in an error");
                }
                client.send("{'type':'auth','token':'" + SECRET + "-fails'}");
                assertFalse(client.next("error").toString().contains(SECRET), "said in an error");
            }
            await().until(() -> server.server.sessions() == 0);
        }
        assertFalse(logged.isEmpty(), "nothing was logged at all");
        assertEquals(
                List.of(), logged.stream().filter(line -> line.contains(SECRET)).toList());
    }

    @Test
    void shouldHideATokenWhenWhatHoldsItIsPrinted() {
        BearerToken token = BearerToken.parse(SECRET).orElseThrow();
        for (Object holder : List.of(token, new ClientMessage.Auth(token), List.of(token))) {
            assertFalse(holder.toString().contains(SECRET), "printed");
        }
    }
}
