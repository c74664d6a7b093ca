package dev.everafter.client;

import dev.everafter.client.ServerMessages.Events;
import dev.everafter.client.ServerMessages.Item;
import dev.everafter.core.Position;
import java.util.Optional;

/** Clients that leave a step out, or do it in the wrong order. */
public final class SabotagedClients {
    private SabotagedClients() {}

    /** It takes whatever comes, and doesn't ask whether it joins on. */
    public static EventClient.Builder withoutContinuity(EventClient.Builder client) {
        return client.progress((name, spec, handler, listener, checkpoint, stored) ->
                new Progress(name, spec, handler, listener, checkpoint, stored) {
                    @Override
                    Optional<String> flaw(long position, Events events) {
                        return Optional.empty();
                    }

                    @Override
                    Optional<String> flaw(long position, long after, long to) {
                        return Optional.empty();
                    }
                });
    }

    /** It counts an event as handled before it has been. */
    public static EventClient.Builder positionBeforeHandler(EventClient.Builder client) {
        return client.progress((name, spec, handler, listener, checkpoint, stored) ->
                new Progress(name, spec, handler, listener, checkpoint, stored) {
                    @Override
                    void take(Item item, Position after) throws Exception {
                        move(after);
                        handle(item);
                    }
                });
    }
}
