package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.TlsIdentity;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whom a client believes to be its server. */
@Timeout(120)
class TlsTest {
    private static TlsIdentity trusted;
    private static TlsIdentity elsewhere;

    private final RecordingListener listener = new RecordingListener();

    @BeforeAll
    static void identify(@TempDir Path one, @TempDir Path two) throws Exception {
        trusted = TlsIdentity.create(one);
        elsewhere = TlsIdentity.create(two, "dns:elsewhere.example", 90);
    }

    private static FakeServer serve(TlsIdentity identity) throws Exception {
        return FakeServer.start(identity.serving().getServerSocketFactory());
    }

    private EventClient.Builder client(FakeServer server) {
        return EventClient.builder()
                .uri(server.uri())
                .listener(listener)
                .backoff(Duration.ofMillis(1), Duration.ofMillis(100));
    }

    private void assertRefused(FakeServer server, EventClient.Builder builder, String why) {
        try (EventClient client = builder.build()) {
            client.subscribe(Subscription.all(), event -> {});
            await().until(() -> listener.count("disconnected") > 0);
            String told = listener.told.get(0);
            assertTrue(told.contains("no connection: TLS failed") && told.contains(why), told);
            assertFalse(server.hasConnection(), "the handshake, and with it the token, was sent");
        }
    }

    @Test
    void shouldConnectWhenTheServersCertificateIsTrusted() throws Exception {
        SSLContext context = trusted.trusting();
        try (FakeServer server = serve(trusted);
                EventClient client = client(server).sslContext(context).build()) {
            client.subscribe(Subscription.all(), event -> {});
            FakeServer.Connection first = server.acceptAndWelcome();
            first.expect("subscribe");
            first.cut();
            // And the next as well.
            server.acceptAndWelcome().expect("subscribe");
        }
    }

    @Test
    void shouldRefuseWhenNobodyTrustedHasSignedTheCertificate() throws Exception {
        try (FakeServer server = serve(trusted)) {
            assertRefused(server, client(server), "unable to find valid certification path");
            listener.told.clear();
            assertRefused(
                    server, client(server).sslContext(elsewhere.trusting()), "unable to find valid certification path");
        }
    }

    @Test
    void shouldRefuseWhenTheCertificateIsThatOfAnotherHost() throws Exception {
        try (FakeServer server = serve(elsewhere)) {
            assertRefused(
                    server,
                    client(server).sslContext(elsewhere.trusting()),
                    "No subject alternative names matching IP address 127.0.0.1");
        }
    }
}
