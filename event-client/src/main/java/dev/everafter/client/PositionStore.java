package dev.everafter.client;

import dev.everafter.core.Position;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Keeps the position of each named subscription between two runs of a program.
 *
 * <p>The client saves a position only after the handler has returned for everything up to it, and not for each event but
 * at most once per {@link EventClient.Builder#saveInterval}; so after a crash the events since the last save are seen
 * again. Stopping in order saves the last position.
 *
 * <p>An implementation must be safe for use by any thread; the client loads a name once, when it is subscribed, and saves
 * it from one thread at a time.
 */
public interface PositionStore {
    /**
     * The position last saved under {@code name}, or empty if none was.
     *
     * @throws RuntimeException if that can't be told; the client then refuses to subscribe, rather than start anew
     */
    Optional<Position> load(String name);

    /**
     * Replaces the position kept under {@code name}; when it returns, the position survives what the store promises to.
     *
     * @throws RuntimeException if it could not be kept; the client then ends the subscription
     */
    void save(String name, Position position);

    /** A store that lasts as long as the program. */
    static PositionStore inMemory() {
        return new MemoryPositionStore();
    }

    /**
     * A store in one JSON file that survives a crash of the program and of the machine: each save replaces the whole file
     * at once. The file need not exist; its directory must. It belongs to one store in one process at a time: two would
     * undo each other's saves.
     *
     * <p>A file that can't be understood is an {@link EventClientException} at first use, and is left as it is.
     */
    static PositionStore file(Path file) {
        return new FilePositionStore(file);
    }
}
