package dev.everafter.client;

import dev.everafter.core.Position;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** See {@link PositionStore#inMemory()}. Safe for use by any thread. */
final class MemoryPositionStore implements PositionStore {
    private final Map<String, Position> positions = new ConcurrentHashMap<>();

    @Override
    public Optional<Position> load(String name) {
        return Optional.ofNullable(positions.get(name));
    }

    @Override
    public void save(String name, Position position) {
        positions.put(name, position);
    }
}
