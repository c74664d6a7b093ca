package dev.everafter.server;

import dev.everafter.core.Value;
import dev.everafter.server.FileInForce.BrokenException;
import dev.everafter.server.spi.Renderer;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * The ways in which clients may see events, as a JSON file says it; see {@code docs/rendering.md}. What isn't understood is
 * refused and never ignored: a misspelt member would show what was to be hidden.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class RenderingsFile {
    private final Map<String, Rules> byName;

    /**
     * @param topics the columns by pattern; where there is a function, those of the key
     * @param functions their names by pattern
     */
    private record Rules(
            Map<String, List<Value>> when, Map<String, Set<String>> topics, Map<String, String> functions) {}

    private RenderingsFile(Map<String, Rules> byName) {
        this.byName = byName;
    }

    /**
     * Reads {@code file}.
     *
     * @throws IllegalArgumentException if it can't be read, or is broken; the message says where, and what is expected
     */
    public static RenderingsFile read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (IOException e) {
            throw new IllegalArgumentException("the file of renderings can't be read: " + e, e);
        } catch (BrokenException e) {
            throw new IllegalArgumentException("the file of renderings " + file + ": " + e.getMessage(), e);
        }
    }

    static RenderingsFile parse(String text) throws BrokenException {
        Map<String, Rules> byName = new LinkedHashMap<>();
        for (Map.Entry<String, JsonValue> rendering : AccessRules.object(text).entrySet()) {
            try {
                byName.put(rendering.getKey(), rules(rendering.getValue()));
            } catch (BrokenException e) {
                throw new BrokenException("rendering \"" + rendering.getKey() + "\": " + e.getMessage());
            }
        }
        if (!byName.containsKey(Renderings.DEFAULT)) {
            throw new BrokenException("expected a rendering \"" + Renderings.DEFAULT
                    + "\", for clients that ask for none, among " + byName.keySet());
        }
        return new RenderingsFile(byName);
    }

    /**
     * What renders, by name.
     *
     * @throws IllegalArgumentException if it needs functions, which {@link #renderers(Supplier)} takes from a database
     */
    public Map<String, Renderer> renderers() {
        return renderers(() -> {
            throw new IllegalArgumentException(
                    "the file of renderings names functions, and there is no database given");
        });
    }

    /**
     * What renders, by name. Functions are looked up now, and called when events are to be shown.
     *
     * @param database where they are; asked for once, if there are any. At most four of its connections are used at a time
     * @throws IllegalArgumentException if a function can't be called so; the message says which, and what to do
     * @throws IllegalStateException if functions can't be looked up now
     */
    public Map<String, Renderer> renderers(Supplier<DataSource> database) {
        Map<String, Renderer> renderers = new LinkedHashMap<>();
        Map<String, SqlFunction> found = functions(database);
        byName.forEach((name, rules) -> {
            ColumnLists lists = new ColumnLists(rules.when, rules.topics);
            Map<String, SqlFunction> functions = new HashMap<>();
            rules.functions.forEach((topic, function) -> functions.put(topic, found.get(function)));
            renderers.put(name, functions.isEmpty() ? lists : new FunctionRenderer(lists, functions));
        });
        return renderers;
    }

    private Map<String, SqlFunction> functions(Supplier<DataSource> database) {
        Set<String> names = byName.values().stream()
                .flatMap(rules -> rules.functions.values().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        if (names.isEmpty()) {
            return Map.of();
        }
        DataSource source = database.get();
        return names.stream().collect(Collectors.toMap(name -> name, name -> SqlFunction.find(source, name)));
    }

    private static Rules rules(JsonValue json) throws BrokenException {
        JsonObject rendering = members(json, List.of("when", "topics"));
        if (!(rendering.get("topics") instanceof JsonObject topics)) {
            throw new BrokenException("expected \"topics\" with an object such as {\"public.orders\": [\"id\"]}");
        }
        Map<String, Set<String>> rules = new LinkedHashMap<>();
        Map<String, String> functions = new LinkedHashMap<>();
        for (Map.Entry<String, JsonValue> topic : topics.entrySet()) {
            String name = topic.getKey();
            try {
                if (name.indexOf('*') >= 0 && name.indexOf('*') < name.length() - 1) {
                    throw new BrokenException("a * may stand at the end alone, as in \"public.*\"");
                }
                if (topic.getValue() instanceof JsonObject) {
                    JsonObject rule = members(topic.getValue(), List.of("function", "key"));
                    functions.put(name, function(rule));
                    rules.put(name, columns(rule.getOrDefault("key", JsonValue.EMPTY_JSON_ARRAY)));
                } else {
                    rules.put(name, columns(topic.getValue()));
                }
            } catch (BrokenException e) {
                throw new BrokenException("topic \"" + name + "\": " + e.getMessage());
            }
        }
        return new Rules(AccessRules.when(rendering), rules, functions);
    }

    private static JsonObject members(JsonValue json, List<String> names) throws BrokenException {
        if (!(json instanceof JsonObject object)) {
            throw new BrokenException("expected an object with " + String.join(", ", names));
        }
        for (String member : object.keySet()) {
            if (!names.contains(member)) {
                throw new BrokenException("unknown member \"" + member + "\": expected " + String.join(", ", names));
            }
        }
        return object;
    }

    private static String function(JsonObject rule) throws BrokenException {
        if (rule.get("function") instanceof JsonString name && SqlFunction.isName(name.getString())) {
            return name.getString();
        }
        throw new BrokenException("expected \"function\" with a function's name, such as \"api.order\": " + rule);
    }

    private static Set<String> columns(JsonValue json) throws BrokenException {
        if (!(json instanceof JsonArray array)) {
            throw new BrokenException(
                    "expected a list of columns, such as [\"id\", \"total\"], or [] for none, or {\"function\": \"api.order\"},"
                            + " and not "
                            + json);
        }
        Set<String> columns = new HashSet<>();
        for (JsonValue element : array) {
            if (!(element instanceof JsonString column)) {
                throw new BrokenException("expected names of columns, such as \"id\", and not " + element);
            }
            columns.add(column.getString());
        }
        return Set.copyOf(columns);
    }
}
