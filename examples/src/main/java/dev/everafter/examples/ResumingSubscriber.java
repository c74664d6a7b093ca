package dev.everafter.examples;

import dev.everafter.client.ActiveSubscription;
import dev.everafter.client.ClientListener;
import dev.everafter.client.EventClient;
import dev.everafter.client.EventHandler;
import dev.everafter.client.PositionStore;
import dev.everafter.client.Subscription;
import dev.everafter.core.StartFrom;
import java.net.URI;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/**
 * Prints every event of a server once, across disconnects, restarts of the server, and restarts of this program: where it
 * has got to is kept in a file.
 *
 * <p>Run it with {@code ws://127.0.0.1:8800/ws positions.json}, stop it with Ctrl-C, and run it again.
 */
public final class ResumingSubscriber {
    private ResumingSubscriber() {}

    /** Prints until it is stopped. */
    public static void main(String[] args) throws InterruptedException, ExecutionException {
        URI server = URI.create(args.length > 0 ? args[0] : "ws://127.0.0.1:8800/ws");
        Path positions = Path.of(args.length > 1 ? args[1] : "positions.json");
        try (EventClient client = client(server, positions)) {
            ActiveSubscription printing = subscribe(client, System.out::println);
            // Closing waits for the running handler and saves the position, so nothing is printed twice.
            Runtime.getRuntime().addShutdownHook(new Thread(client::close));
            printing.done().toCompletableFuture().get();
        }
    }

    /** A client that says when it loses the connection and comes back. */
    static EventClient client(URI server, Path positions) {
        return EventClient.builder()
                .uri(server)
                .positionStore(PositionStore.file(positions))
                .listener(new ClientListener() {
                    @Override
                    public void onDisconnected(String reason) {
                        System.err.println("disconnected: " + reason);
                    }
                })
                .build();
    }

    /** Begins at the oldest event the first time, and behind the last one handled every other time. */
    static ActiveSubscription subscribe(EventClient client, EventHandler handler) {
        return client.subscribe(Subscription.all().from(StartFrom.beginning()).named("printer"), handler);
    }
}
