package dev.everafter.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.client.EventClientException.Code;
import dev.everafter.core.Position;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilePositionStoreTest {
    @TempDir
    private Path directory = Path.of("");

    private Path file = Path.of("");

    @BeforeEach
    void name() {
        file = directory.resolve("positions.json");
    }

    @Test
    void shouldKeepSeveralNamesAcrossRestarts() {
        PositionStore store = PositionStore.file(file);
        assertEquals(Optional.empty(), store.load("a"));
        store.save("a", new Position("e1", 1));
        store.save("b \"quoted\"", new Position("e2", Position.MAX_ID));
        store.save("a", new Position("e1", 2));
        PositionStore again = PositionStore.file(file);
        assertEquals(Optional.of(new Position("e1", 2)), again.load("a"));
        assertEquals(Optional.of(new Position("e2", Position.MAX_ID)), again.load("b \"quoted\""));
        assertFalse(Files.exists(directory.resolve("positions.json.tmp")));
    }

    @Test
    void shouldReadTheLastWholeSaveWhenACrashLeftATornOneBeside() throws Exception {
        PositionStore.file(file).save("a", new Position("e1", 1));
        Files.writeString(directory.resolve("positions.json.tmp"), "{\"positions\":{\"a\":{\"epoch\":\"e1\",\"i");
        PositionStore again = PositionStore.file(file);
        assertEquals(Optional.of(new Position("e1", 1)), again.load("a"));
        again.save("a", new Position("e1", 2));
        assertEquals(
                Optional.of(new Position("e1", 2)), PositionStore.file(file).load("a"));
        assertFalse(Files.exists(directory.resolve("positions.json.tmp")));
    }

    @Test
    void shouldNeverShowAnotherReaderHalfASave() throws Exception {
        PositionStore store = PositionStore.file(file);
        store.save("a", new Position("e1", 0));
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            for (long id = 1; !stop.get(); id++) {
                store.save("a", new Position("e" + "x".repeat((int) (id % 2000)), id));
            }
        });
        writer.start();
        try {
            for (int i = 0; i < 300; i++) {
                assertTrue(PositionStore.file(file).load("a").isPresent());
            }
        } finally {
            stop.set(true);
            writer.join();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"positions\":{\"a\":{\"epo",
                "[]",
                "{}",
                "{\"positions\":{\"a\":7}}",
                "{\"positions\":{\"a\":{\"id\":7}}}",
                "{\"positions\":{\"a\":{\"epoch\":\"e\",\"id\":-7}}}",
                "{\"positions\":{\"a\":{\"epoch\":\"e\",\"id\":1.5}}}"
            })
    void shouldRefuseAFileThatItCanNotReadAndLeaveItAlone(String content) throws Exception {
        Files.writeString(file, content);
        PositionStore store = PositionStore.file(file);
        EventClientException error = assertThrows(EventClientException.class, () -> store.load("a"));
        assertEquals(Code.POSITION_STORE, error.code());
        assertTrue(error.toString().contains(file.toString()), error.toString());
        assertThrows(EventClientException.class, () -> store.save("a", new Position("e1", 1)));
        assertEquals(content, Files.readString(file));
    }

    @Test
    void shouldSayWhatCouldNotBeSavedWhere() {
        PositionStore store = PositionStore.file(directory.resolve("none").resolve("positions.json"));
        EventClientException error =
                assertThrows(EventClientException.class, () -> store.save("a", new Position("e1", 1)));
        assertTrue(error.toString().contains("none"), error.toString());
    }

    @Test
    void shouldSaveOnAnInterruptedThread() {
        PositionStore store = PositionStore.file(file);
        Thread.currentThread().interrupt();
        store.save("a", new Position("e1", 1));
        assertTrue(Thread.interrupted());
        assertEquals(
                Optional.of(new Position("e1", 1)), PositionStore.file(file).load("a"));
    }
}
