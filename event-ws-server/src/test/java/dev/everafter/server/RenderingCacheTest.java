package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import dev.everafter.server.spi.Rendered;
import dev.everafter.server.spi.Renderer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What is kept of what was rendered, for whom, and how much of it. */
class RenderingCacheTest {
    private final HandMeans hand = new HandMeans();

    /** Shows how often it was asked, at once. */
    private static final class Counting implements Renderer {
        private int times;

        @Override
        public Optional<Rendered> renderNow(Event event) {
            times++;
            return Optional.of(new Rendered.Shown(
                    Optional.empty(), Optional.of(RawJson.of("{\"times\":" + times + "}")), Optional.empty()));
        }

        @Override
        public CompletionStage<List<Rendered>> render(List<Event> events) {
            return CompletableFuture.failedFuture(new IllegalStateException("said already"));
        }
    }

    private Rendering rendering(String name, Renderer renderer, long bytes) {
        return new Rendering(name, renderer, bytes, hand.means(), new ServerListener() {}, why -> {});
    }

    private static Event event(long id, String data) {
        return Event.builder(id, "t", "insert").data(RawJson.of(data)).build();
    }

    @Test
    void shouldRenderAnEventOnceAsLongAsItIsKept() {
        Counting renderer = new Counting();
        Rendering rendering = rendering("default", renderer, 1 << 20);
        Event first = rendering.now(event(1, "{}"));
        assertEquals(first, rendering.now(event(1, "{}")));
        assertEquals(1, renderer.times);
        hand.pass(Duration.ofMinutes(2));
        assertNotEquals(first, rendering.now(event(1, "{}")));
        assertEquals(2, renderer.times);
    }

    @Test
    void shouldKeepNoMoreBytesThanItMayAndLetGoOfTheOldest() {
        Counting renderer = new Counting();
        long each = (long) event(1, "{}").size() + event(1, "{\"times\":1}").size();
        Rendering rendering = rendering("default", renderer, 3 * each + each / 2);
        for (int id = 1; id <= 9; id++) {
            rendering.now(event(id, "{}"));
            assertTrue(rendering.bytes() <= 3 * each, () -> rendering.bytes() + " bytes are kept");
        }
        assertEquals(3 * each, rendering.bytes());
        rendering.now(event(9, "{}"));
        assertEquals(9, renderer.times);
        rendering.now(event(1, "{}"));
        assertEquals(10, renderer.times);
    }

    @Test
    void shouldRenderAllTheSameWhenNothingMayBeKept() {
        Counting renderer = new Counting();
        Rendering rendering = rendering("default", renderer, 0);
        List<String> shown = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            shown.add(rendering.now(event(1, "{}")).data().orElseThrow().toString());
        }
        assertEquals(List.of("{\"times\":1}", "{\"times\":2}"), shown);
        assertEquals(0, rendering.bytes());
    }

    @Test
    void shouldKeepForEachRenderingItsOwn() {
        Renderer whole = new ColumnLists(Map.of(), Map.of());
        Renderer bare = new ColumnLists(Map.of(), Map.of("t", Set.of("id")));
        Renderings renderings = new Renderings(
                Map.of("default", whole, "bare", bare), (name, renderer) -> rendering(name, renderer, 1 << 20));
        Event event = event(1, "{\"id\":1,\"secret\":2}");
        Rendering one = renderings.find(Optional.empty(), Optional.empty()).orElseThrow();
        Rendering other = renderings.find(Optional.of("bare"), Optional.empty()).orElseThrow();
        assertEquals(
                "{\"id\":1,\"secret\":2}", one.now(event).data().orElseThrow().toString());
        assertEquals("{\"id\":1}", other.now(event).data().orElseThrow().toString());
        assertEquals(one.bytes() + other.bytes(), renderings.bytes());
    }

    /** After a rewind the log gives ids out again, for other events. */
    @Test
    void shouldTellAnEventFromAnotherOfTheSameId() {
        Rendering rendering = rendering("default", new ColumnLists(Map.of(), Map.of("t", Set.of("id"))), 1 << 20);
        assertEquals(
                "{\"id\":1}",
                rendering.now(event(7, "{\"id\":1}")).data().orElseThrow().toString());
        assertEquals(
                "{\"id\":2}",
                rendering.now(event(7, "{\"id\":2}")).data().orElseThrow().toString());
    }
}
