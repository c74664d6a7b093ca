package dev.everafter.server;

import dev.everafter.core.Attribute;
import dev.everafter.core.Event;
import dev.everafter.core.Image;
import dev.everafter.core.RawJson;
import dev.everafter.core.Value;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One row of the {@code logs} table, as the conditions of v0 see it: its columns, its properties by their names, and the
 * kind of its object, all under {@code data}.
 *
 * <p>Immutable and safe for use by any thread; what is read late is read by whoever asks first, to the same effect.
 */
final class ArvadosRow implements Image {
    static final String PROPERTIES = "properties";
    static final String OBJECT_KIND = "object_kind";
    static final Set<String> TIMES = Set.of("event_at", "created_at", "updated_at", "modified_at");

    private static final JsonObject NOTHING = JsonValue.EMPTY_JSON_OBJECT;

    private final Event event;
    private final JsonObject columns;
    private final ArvadosKinds kinds;
    private volatile @Nullable Properties properties;

    /**
     * What the row has as its properties.
     *
     * @param readable whether they could be read; otherwise there are none
     */
    record Properties(JsonObject map, boolean readable) {}

    private ArvadosRow(Event event, JsonObject columns, ArvadosKinds kinds) {
        this.event = event;
        this.columns = columns;
        this.kinds = kinds;
    }

    /** The row whose insertion {@code event} is; empty if it is anything else. */
    static Optional<ArvadosRow> of(Event event, ArvadosKinds kinds) {
        try {
            return event.data()
                    .map(RawJson::parse)
                    .filter(JsonObject.class::isInstance)
                    .map(data -> new ArvadosRow(event, data.asJsonObject(), kinds));
        } catch (JsonException e) {
            return Optional.empty();
        }
    }

    Event event() {
        return event;
    }

    long id() {
        return event.id();
    }

    /** A column's text; empty if it is null. */
    Optional<String> text(String column) {
        return columns.get(column) instanceof JsonString text ? Optional.of(text.getString()) : Optional.empty();
    }

    /** The kind of the object; empty if it isn't known. */
    String objectKind() {
        return text("object_uuid").flatMap(kinds::kind).orElse("");
    }

    /** What is to be asked for, to know who may see it: the object, or the owner of one that is gone. */
    Optional<String> decidedBy() {
        boolean gone = text("event_type").filter("delete"::equals).isPresent();
        return text(gone ? "object_owner_uuid" : "object_uuid").flatMap(kinds::path);
    }

    Properties properties() {
        Properties known = properties;
        if (known == null) {
            known = read(columns.getOrDefault(PROPERTIES, JsonValue.NULL));
            properties = known;
        }
        return known;
    }

    private static Properties read(JsonValue column) {
        if (column instanceof JsonString text) {
            return ArvadosProperties.read(text.getString())
                    .map(map -> new Properties(map, true))
                    .orElseGet(() -> new Properties(NOTHING, false));
        }
        return column instanceof JsonObject map
                ? new Properties(map, true)
                : new Properties(NOTHING, column == JsonValue.NULL);
    }

    @Override
    public Value value(Attribute attribute) {
        return find(attribute).map(Value::of).orElse(Value.absent());
    }

    @Override
    public boolean exists(Attribute.Path path) {
        return find(path).isPresent();
    }

    private Optional<JsonValue> find(Attribute attribute) {
        if (!(attribute instanceof Attribute.Path path) || path.root() != Attribute.Root.DATA) {
            return Optional.empty();
        }
        List<String> names = path.path();
        String column = names.get(0);
        if (names.size() == 1) {
            return column.equals(OBJECT_KIND)
                    ? Optional.of(ArvadosMessages.string(objectKind()))
                    : Optional.ofNullable(columns.get(column));
        }
        return column.equals(PROPERTIES) ? find(properties().map(), names, 1) : Optional.empty();
    }

    private static Optional<JsonValue> find(JsonValue value, List<String> names, int from) {
        JsonValue found = value;
        for (String name : names.subList(from, names.size())) {
            if (!(found instanceof JsonObject object) || !object.containsKey(name)) {
                return Optional.empty();
            }
            found = object.get(name);
        }
        return Optional.of(found);
    }

    /** Times and numbers are no text. */
    @Override
    public boolean anyText(Predicate<String> wanted) {
        return columns.entrySet().stream()
                .anyMatch(column -> !TIMES.contains(column.getKey())
                        && column.getValue() instanceof JsonString text
                        && wanted.test(text.getString()));
    }
}
