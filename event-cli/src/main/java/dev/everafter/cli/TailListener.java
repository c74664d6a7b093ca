package dev.everafter.cli;

import dev.everafter.client.ClientListener;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the person at the terminal what the client does by itself, in a line each. The client's own log, with its stack
 * traces, is left to {@code --verbose}.
 *
 * <p>Safe for use by any thread.
 */
final class TailListener implements ClientListener {
    private static final Logger LOG = LoggerFactory.getLogger("tail");

    private final URI url;

    TailListener(URI url) {
        this.url = url;
    }

    @Override
    public void onSubscribed(String subscription, Position position) {
        LOG.info("following {} after event {}", url, position.id());
    }

    @Override
    public void onDisconnected(String reason) {
        LOG.warn("no connection to {}: {}", url, reason);
    }

    @Override
    public void onReconnecting(int attempt, Duration delay) {
        if (attempt == 1) {
            LOG.info("trying until it answers, at growing intervals; Ctrl-C to give up");
        }
    }

    @Override
    public void onGoodbye(String reason, Duration reconnectAfter) {
        LOG.info("the server goes ({}), to be asked again in {} ms", reason, reconnectAfter.toMillis());
    }

    @Override
    public void onSilence(Duration silence) {
        LOG.warn("{} has answered nothing for {} ms: connecting anew", url, silence.toMillis());
    }

    @Override
    public void onFellBehind(String subscription, Position position) {
        LOG.info("fell behind at event {}: the server reads the log again", position.id());
    }

    @Override
    public void onCaughtUp(String subscription, Position position) {
        LOG.info("caught up at event {}", position.id());
    }

    @Override
    public void onHole(String subscription, Optional<Position> position, String flaw) {
        LOG.warn(
                "a message doesn't join on to {}, so it is asked for again: {}",
                position.map(at -> "event " + at.id()).orElse("the start"),
                flaw);
    }

    @Override
    public void onGap(String subscription, Gap gap) {
        LOG.warn("events after {} up to {} can't be had ({})", gap.after(), gap.to(), gap.reason());
    }

    @Override
    public void onServerError(Optional<String> subscription, String code, String message) {
        LOG.warn("the server says {}: {}", code, message);
    }
}
