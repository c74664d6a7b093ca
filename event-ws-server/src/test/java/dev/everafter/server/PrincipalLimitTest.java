package dev.everafter.server;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** How many connections one principal may have. */
class PrincipalLimitTest {
    @Test
    void shouldCloseWith4429WhenOneSubjectHasTooManyConnections() {
        Authentication rules =
                Authentication.by(new KnownTokens().with("a", "alice").with("b", "bob"));
        try (Served served = Served.with(options ->
                        options.authentication(rules).limits(Limits.DEFAULT.withConnectionsPerPrincipal(2)));
                TestClient first = TestClient.withToken(served.port(), "a");
                TestClient second = TestClient.withToken(served.port(), "a")) {
            first.next("welcome");
            second.next("welcome");
            try (TestClient third = TestClient.withToken(served.port(), "a")) {
                assertEquals(4429, third.closeCode());
                assertEquals(0, third.waiting());
            }
            try (TestClient other = TestClient.withToken(served.port(), "b")) {
                other.next("welcome");
            }
            first.subscribe("still there");
            second.close();
            await().until(() -> served.server.sessions() == 1);
            try (TestClient again = TestClient.withToken(served.port(), "a")) {
                again.next("welcome");
            }
        }
    }
}
