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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class ArvadosTokenTest {
    private static final String SECRET = "s3cret-t0ken";

    private static Optional<String> inQuery(String query) {
        return ArvadosToken.query(Optional.of(query)).map(BearerToken::value);
    }

    @ParameterizedTest
    @CsvSource({
        "api_token=v2/zzzzz-gj3su-1/abc,v2/zzzzz-gj3su-1/abc",
        "api_token=v2%2Fzzzzz-gj3su-1%2Fabc,v2/zzzzz-gj3su-1/abc",
        "a=b&api_token=t&c=d,t",
        "api_token=a+b==,a+b==",
        "api_token=one&api_token=two,one",
    })
    void shouldFindATokenInAQuery(String query, String token) {
        assertEquals(Optional.of(token), inQuery(query));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "api_token=", "api_token", "token=t", "xapi_token=t", "api_token=%2", "api_token=a%20b"})
    void shouldFindNoneWhereThereIsNone(String query) {
        assertEquals(Optional.empty(), inQuery(query));
        assertEquals(Optional.empty(), ArvadosToken.query(Optional.empty()));
    }

    @Test
    void shouldFindATokenInAHeader() {
        for (String header : List.of("Bearer a/b", "OAuth2 a/b", "bearer  a/b ", "oauth2 a/b")) {
            assertEquals(Optional.of("a/b"), ArvadosToken.header(header).map(BearerToken::value), header);
        }
        for (String header : List.of("Basic a/b", "Bearer", "Bearer ", "a/b")) {
            assertEquals(Optional.empty(), ArvadosToken.header(header), header);
        }
    }

    @Test
    void shouldLogNoTokenWhateverBecomesOfIt() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        Logger ours = context.getLogger("dev.everafter.server");
        Queue<String> logged = new ConcurrentLinkedQueue<>();
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                logged.add(event.getFormattedMessage() + ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
        };
        appender.setContext(context);
        appender.start();
        ours.addAppender(appender);
        ours.setLevel(Level.TRACE);
        try (ServedArvados served = ServedArvados.withDefaults()) {
            try (TestClient unknown = served.connect(SECRET + "-unknown")) {
                assertEquals(4401, unknown.closeCode());
            }
            served.api.knowing(SECRET).answer("current", 500);
            try (TestClient query = served.connect(SECRET);
                    TestClient header = TestClient.plain(
                            served.port(), "/websocket", Map.of("Authorization", "OAuth2 " + SECRET))) {
                await().until(() -> served.endpoint.counts().unanswered() >= 1);
                served.api.answer("current", 0);
                for (TestClient client : List.of(query, header)) {
                    client.send("{'method':'" + SECRET + "'}");
                    assertFalse(client.next().toString().contains(SECRET), "said");
                }
            }
            await().until(() -> served.server.sessions() == 0);
        } finally {
            ours.detachAppender(appender);
            ours.setLevel(null);
        }
        assertFalse(logged.isEmpty(), "nothing was logged at all");
        assertEquals(
                List.of(), logged.stream().filter(line -> line.contains(SECRET)).toList());
    }
}
