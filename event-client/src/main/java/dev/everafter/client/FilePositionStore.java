package dev.everafter.client;

import dev.everafter.client.EventClientException.Code;
import dev.everafter.core.Position;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.spi.JsonProvider;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * See {@link PositionStore#file}. At every moment the file holds the whole of one save: a new one is written beside it,
 * forced to the disk, and then takes its name in one step (POSIX rename). What a crash leaves beside it is overwritten by
 * the next save and never read.
 *
 * <p>Safe for use by any thread.
 */
final class FilePositionStore implements PositionStore {
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final JsonBuilderFactory BUILDERS = JSON.createBuilderFactory(Map.of());

    private final Path file;
    private final Path directory;
    private final Path next;
    private @Nullable Map<String, Position> positions;

    FilePositionStore(Path file) {
        this.file = file.toAbsolutePath();
        this.directory = Objects.requireNonNull(this.file.getParent(), "the directory of " + file);
        this.next = directory.resolve(this.file.getFileName() + ".tmp");
    }

    @Override
    public synchronized Optional<Position> load(String name) {
        return Optional.ofNullable(positions().get(name));
    }

    @Override
    public synchronized void save(String name, Position position) {
        Map<String, Position> changed = new TreeMap<>(positions());
        changed.put(name, position);
        // An interrupt would close the file channels in the middle of a save.
        boolean interrupted = Thread.interrupted();
        try {
            replace(json(changed));
        } catch (IOException e) {
            throw new EventClientException(
                    Code.POSITION_STORE, "could not save position " + position + " of " + name + " in " + file, e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        positions = changed;
    }

    private Map<String, Position> positions() {
        Map<String, Position> known = positions;
        if (known == null) {
            known = read();
            positions = known;
        }
        return known;
    }

    private Map<String, Position> read() {
        try {
            return parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            return new TreeMap<>();
        } catch (IOException | JsonException | IllegalArgumentException | ClassCastException | ArithmeticException e) {
            throw new EventClientException(
                    Code.POSITION_STORE,
                    "the position file " + file + " can't be understood (" + e.getMessage() + ") and was left as it is:"
                            + " restore it, or remove it to begin each subscription at its start",
                    e);
        }
    }

    private static Map<String, Position> parse(String text) {
        Map<String, Position> read = new TreeMap<>();
        try (JsonReader reader = JSON.createReader(new StringReader(text))) {
            JsonObject all = reader.readObject().getJsonObject("positions");
            if (all == null) {
                throw new IllegalArgumentException("no member \"positions\"");
            }
            for (String name : all.keySet()) {
                JsonObject position = all.getJsonObject(name);
                if (!position.containsKey("epoch") || !position.containsKey("id")) {
                    throw new IllegalArgumentException("no epoch and id for \"" + name + '"');
                }
                read.put(
                        name,
                        new Position(
                                position.getString("epoch"),
                                position.getJsonNumber("id").longValueExact()));
            }
        }
        return read;
    }

    private static String json(Map<String, Position> positions) {
        JsonObjectBuilder all = BUILDERS.createObjectBuilder();
        positions.forEach((name, position) -> all.add(
                name,
                BUILDERS.createObjectBuilder().add("epoch", position.epoch()).add("id", position.id())));
        return BUILDERS.createObjectBuilder().add("positions", all).build() + "\n";
    }

    private void replace(String text) throws IOException {
        try (FileChannel channel = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        forceDirectory();
    }

    /** Makes the new name last. Windows has no such call, and doesn't need it. */
    private void forceDirectory() throws IOException {
        FileChannel opened;
        try {
            opened = FileChannel.open(directory, StandardOpenOption.READ);
        } catch (IOException e) {
            return;
        }
        try (opened) {
            opened.force(true);
        }
    }

    @Override
    public String toString() {
        return "positions in " + file;
    }
}
