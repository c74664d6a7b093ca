package dev.everafter.server;

import dev.everafter.core.Event;
import dev.everafter.server.spi.Rendered;
import dev.everafter.server.spi.Renderer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * One named way to see events. What was made of an event is kept for all who get it in the same form, within a limit of
 * bytes: it is rendered once, however many selections it matches.
 *
 * <p>Safe for use by any thread.
 */
final class Rendering {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** What a renderer makes may come to depend on more than the event. */
    private static final Duration KEEP = Duration.ofMinutes(1);

    /** Fewer than there are threads, so that one that hangs leaves some to the others. */
    private static final int AT_ONCE = 2;

    private final String name;
    private final Renderer renderer;
    private final ServerListener listener;
    private final Consumer<String> log;
    private final Answers<Event, Event> events;

    private final class Asking implements Answers.Source<Event, Event> {
        @Override
        public Optional<Event> immediately(Event event) {
            return renderer.renderNow(event).map(rendered -> shown(event, rendered));
        }

        @Override
        public CompletionStage<List<Event>> ask(List<Event> raw) {
            return renderer.render(raw).thenApply(rendered -> shown(raw, rendered));
        }
    }

    /**
     * @param bytes how much is kept
     * @param log told what went wrong
     */
    Rendering(
            String name,
            Renderer renderer,
            long bytes,
            Answers.Means means,
            ServerListener listener,
            Consumer<String> log) {
        this.name = name;
        this.renderer = renderer;
        this.listener = listener;
        this.log = log;
        this.events = new Answers<>(
                new Asking(),
                new Answers.Rules<>(
                        AT_ONCE,
                        Stage.MAX_EVENTS,
                        PATIENCE,
                        shown -> KEEP,
                        (raw, shown) -> raw.size() + shown.size(),
                        bytes),
                means,
                why -> {
                    listener.onRendererFailed();
                    log.accept("rendering \"" + name + "\" fails, so subscriptions wait: " + why);
                });
    }

    Renderer renderer() {
        return renderer;
    }

    /** Whether what is shown can always be said {@link #now}. */
    boolean neverWaits() {
        return renderer instanceof ColumnLists;
    }

    /** What is shown of {@code raw}, by one that never waits. */
    Event now(Event raw) {
        // While another thread makes the same, it isn't known yet.
        return ask(List.of(raw), () -> {})
                .get(0)
                .answer()
                .or(() -> renderer.renderNow(raw).map(rendered -> shown(raw, rendered)))
                .orElseThrow();
    }

    /** What is shown of each of {@code raw}; {@code waiter} is run when more of it is known. */
    List<Answers<Event, Event>.Question> ask(List<Event> raw, Runnable waiter) {
        return events.ask(raw, waiter);
    }

    /** How many bytes are kept. */
    long bytes() {
        return events.weight();
    }

    private List<Event> shown(List<Event> raw, List<Rendered> rendered) {
        if (rendered.size() != raw.size()) {
            throw new IllegalStateException(rendered.size() + " rendered of " + raw.size() + " events");
        }
        List<Event> shown = new ArrayList<>(raw.size());
        for (int i = 0; i < raw.size(); i++) {
            shown.add(shown(raw.get(i), rendered.get(i)));
        }
        return shown;
    }

    private Event shown(Event raw, Rendered rendered) {
        Event.Builder event = Event.builder(raw.id(), raw.topic(), raw.type())
                .at(raw.at())
                .last(raw.last())
                .left(raw.left());
        raw.tx().ifPresent(event::tx);
        if (rendered instanceof Rendered.Failed failed) {
            listener.onEventUnrendered();
            log.accept("rendering \"" + name + "\" fails for event " + raw.id() + " of topic " + raw.topic()
                    + ", which is sent without key, data and old: " + failed.why());
            return event.omitted(true).build();
        }
        Rendered.Shown shown = (Rendered.Shown) rendered;
        shown.key().ifPresent(event::key);
        if (!raw.left()) {
            shown.data().ifPresent(event::data);
            shown.old().ifPresent(event::old);
        }
        return event.build();
    }
}
