package dev.everafter.server;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import dev.everafter.core.Value;
import dev.everafter.server.spi.Principal;
import dev.everafter.server.spi.Rendered;
import dev.everafter.server.spi.Renderer;
import jakarta.json.JsonException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * Shows of each topic's key, data and old the columns that are listed for it. A topic's own list comes before the longest
 * that fits and ends with a star; a topic without one is shown whole. What is no object has no columns, and isn't shown
 * where there is a list.
 *
 * <p>Immutable and safe for use by any thread. Never waits.
 */
final class ColumnLists implements Renderer {
    private static final Rendered UNREADABLE = new Rendered.Failed("it is no JSON that can be read");

    private final Map<String, List<Value>> when;
    private final Map<String, Set<String>> lists;

    /**
     * @param when for each attribute the values of which a principal must have one to use this
     * @param lists by topic, or by its beginning with a star
     */
    ColumnLists(Map<String, List<Value>> when, Map<String, Set<String>> lists) {
        this.when = Map.copyOf(when);
        this.lists = Map.copyOf(lists);
    }

    /** The one of the lists' topics that is about {@code topic}. */
    Optional<String> pattern(String topic) {
        if (lists.containsKey(topic)) {
            return Optional.of(topic);
        }
        for (int length = topic.length(); length >= 0; length--) {
            String beginning = topic.substring(0, length) + "*";
            if (lists.containsKey(beginning)) {
                return Optional.of(beginning);
            }
        }
        return Optional.empty();
    }

    private Optional<Set<String>> list(String topic) {
        return pattern(topic).map(lists::get);
    }

    @Override
    public Optional<Rendered> renderNow(Event event) {
        return Optional.of(rendered(event));
    }

    @Override
    public CompletionStage<List<Rendered>> render(List<Event> events) {
        return CompletableFuture.completedFuture(
                events.stream().map(this::rendered).toList());
    }

    private Rendered rendered(Event event) {
        Optional<Set<String>> list = list(event.topic());
        try {
            return new Rendered.Shown(listed(list, event.key()), listed(list, event.data()), listed(list, event.old()));
        } catch (JsonException e) {
            return UNREADABLE;
        }
    }

    /** The listed columns of the key, and {@code data} as it is. */
    Rendered withData(Event event, Optional<RawJson> data) {
        try {
            return new Rendered.Shown(listed(list(event.topic()), event.key()), data, Optional.empty());
        } catch (JsonException e) {
            return UNREADABLE;
        }
    }

    private static Optional<RawJson> listed(Optional<Set<String>> list, Optional<RawJson> json) {
        return list.isEmpty() ? json : json.flatMap(value -> value.only(list.get()));
    }

    @Override
    public boolean mayUse(Optional<Principal> principal) {
        return when.isEmpty() || (principal.isPresent() && AccessRules.meets(principal.get(), when));
    }

    @Override
    public Optional<Set<String>> columns(Optional<String> topic) {
        return topic.isPresent()
                ? list(topic.get())
                : lists.values().stream()
                        .reduce((one, other) ->
                                one.stream().filter(other::contains).collect(Collectors.toUnmodifiableSet()));
    }
}
