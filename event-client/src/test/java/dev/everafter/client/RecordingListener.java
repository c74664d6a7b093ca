package dev.everafter.client;

import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what it is told. */
final class RecordingListener implements ClientListener {
    final List<String> told = new CopyOnWriteArrayList<>();
    final List<Duration> delays = new CopyOnWriteArrayList<>();

    long count(String beginning) {
        return told.stream().filter(line -> line.startsWith(beginning)).count();
    }

    @Override
    public void onConnected() {
        told.add("connected");
    }

    @Override
    public void onDisconnected(String reason) {
        told.add("disconnected " + reason);
    }

    @Override
    public void onReconnecting(int attempt, Duration delay) {
        told.add("reconnecting " + attempt);
        // The last: it is what tests wait for.
        delays.add(delay);
    }

    @Override
    public void onGoodbye(String reason, Duration reconnectAfter) {
        told.add("goodbye " + reason);
    }

    @Override
    public void onSilence(Duration silence) {
        told.add("silence " + silence);
    }

    @Override
    public void onSubscribed(String subscription, Position position) {
        told.add("subscribed " + subscription + " " + position);
    }

    @Override
    public void onRepeatsSkipped(String subscription, int events) {
        told.add("repeats " + subscription + " " + events);
    }

    @Override
    public void onHole(String subscription, Optional<Position> position, String flaw) {
        told.add("hole " + subscription + " " + position.orElseThrow());
    }

    @Override
    public void onGap(String subscription, Gap gap) {
        told.add("gap " + subscription);
    }

    @Override
    public void onSaved(String subscription, Position position) {
        told.add("saved " + subscription + " " + position);
    }

    @Override
    public void onServerError(Optional<String> subscription, String code, String message) {
        told.add("error " + subscription.orElse("-") + " " + code);
    }

    @Override
    public void onEnded(String subscription, Optional<Throwable> cause) {
        told.add("ended " + subscription);
    }
}
