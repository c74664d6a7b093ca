package dev.everafter.server;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import dev.everafter.server.spi.Principal;
import dev.everafter.server.spi.Rendered;
import dev.everafter.server.spi.Renderer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Shows of some topics, instead of data, what a function makes of it, and of the others what their lists of columns say.
 * Where there is a function, nothing is shown but its result and the listed columns of the key: {@code old} never is. What
 * has no data, such as a delete, needs no function.
 *
 * <p>Safe for use by any thread. {@link #render} blocks its thread for as long as the functions take.
 */
final class FunctionRenderer implements Renderer {
    private final ColumnLists lists;
    private final Map<String, SqlFunction> functions;

    /**
     * @param lists the columns by pattern of topics; where there is a function, those of the key that are shown
     * @param functions by pattern; each of them has a list
     */
    FunctionRenderer(ColumnLists lists, Map<String, SqlFunction> functions) {
        this.lists = lists;
        this.functions = Map.copyOf(functions);
    }

    private Optional<SqlFunction> function(Event event) {
        return lists.pattern(event.topic()).map(functions::get);
    }

    @Override
    public Optional<Rendered> renderNow(Event event) {
        if (function(event).isEmpty()) {
            return lists.renderNow(event);
        }
        return event.data().isEmpty() ? Optional.of(lists.withData(event, Optional.empty())) : Optional.empty();
    }

    /** Calls each function once, with all that are its own. */
    @Override
    public CompletionStage<List<Rendered>> render(List<Event> events) {
        Map<SqlFunction, List<Integer>> places = new LinkedHashMap<>();
        for (int i = 0; i < events.size(); i++) {
            SqlFunction function = function(events.get(i)).orElseThrow();
            places.computeIfAbsent(function, first -> new ArrayList<>()).add(i);
        }
        Rendered[] rendered = new Rendered[events.size()];
        places.forEach((function, at) -> {
            List<Optional<RawJson>> results = function.call(
                    at.stream().map(i -> events.get(i).data().orElseThrow()).toList());
            for (int i = 0; i < results.size(); i++) {
                rendered[at.get(i)] = lists.withData(events.get(at.get(i)), results.get(i));
            }
        });
        return CompletableFuture.completedFuture(List.of(rendered));
    }

    @Override
    public boolean mayUse(Optional<Principal> principal) {
        return lists.mayUse(principal);
    }

    @Override
    public Optional<Set<String>> columns(Optional<String> topic) {
        return lists.columns(topic);
    }
}
