package dev.everafter.client;

import jakarta.websocket.WebSocketContainer;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;

/** All that {@link EventClient.Builder} was told. Immutable; {@link Token} hides itself. */
record Settings(
        URI uri,
        Tokens tokens,
        Optional<SSLContext> sslContext,
        PositionStore positions,
        ClientListener listener,
        WebSocketContainer container,
        Timer timer,
        ThreadFactory threads,
        Executor executor,
        RandomGenerator random,
        Duration minBackoff,
        Duration maxBackoff,
        Duration stableAfter,
        Duration connectTimeout,
        Duration saveInterval,
        int maxMessageBytes,
        Progress.Maker progress) {
    Backoff backoff() {
        return new Backoff(minBackoff, maxBackoff, random);
    }
}
