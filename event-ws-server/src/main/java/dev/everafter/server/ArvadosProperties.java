package dev.everafter.server;

import dev.everafter.core.RawJson;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonBuilderFactory;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * Reads the text in which a row keeps its properties: JSON, or the YAML of very old rows. Of YAML only the graph of nodes is
 * built and no object, whatever tags the text has; the text is bounded, and so is what its aliases may unfold to.
 *
 * <p>Stateless.
 */
final class ArvadosProperties {
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final JsonBuilderFactory BUILDERS = JSON.createBuilderFactory(Map.of());
    private static final int MOST_NODES = 100_000;
    private static final int DEEPEST = 100;
    private static final LoadSettings SETTINGS = LoadSettings.builder()
            .setSchema(new CoreSchema())
            .setCodePointLimit(4 << 20)
            .build();

    private ArvadosProperties() {}

    /** The map that {@code text} spells; empty if it spells none. */
    static Optional<JsonObject> read(String text) {
        try {
            return object(RawJson.of(text).parse());
        } catch (JsonException e) {
            return yaml(text);
        }
    }

    private static Optional<JsonObject> object(JsonValue value) {
        return value instanceof JsonObject object ? Optional.of(object) : Optional.empty();
    }

    private static Optional<JsonObject> yaml(String text) {
        try {
            return new Compose(SETTINGS)
                    .composeString(text)
                    .map(node -> new Unfolding().json(node, 0))
                    .flatMap(ArvadosProperties::object);
        } catch (YamlEngineException | IllegalArgumentException | StackOverflowError e) {
            return Optional.empty();
        }
    }

    /** Turns nodes into JSON, within limits. */
    private static final class Unfolding {
        private int nodes;

        JsonValue json(Node node, int depth) {
            if (++nodes > MOST_NODES || depth > DEEPEST) {
                throw new IllegalArgumentException("too large when unfolded");
            }
            if (node instanceof MappingNode map) {
                JsonObjectBuilder object = BUILDERS.createObjectBuilder();
                for (NodeTuple tuple : map.getValue()) {
                    if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                        throw new IllegalArgumentException("a key that is no scalar");
                    }
                    object.add(name(key), json(tuple.getValueNode(), depth + 1));
                }
                return object.build();
            }
            if (node instanceof SequenceNode list) {
                JsonArrayBuilder array = BUILDERS.createArrayBuilder();
                list.getValue().forEach(element -> array.add(json(element, depth + 1)));
                return array.build();
            }
            return node instanceof ScalarNode scalar ? scalar(scalar) : JsonValue.NULL;
        }

        /** Rails wrote some keys as symbols. */
        private static String name(ScalarNode key) {
            String name = key.getValue();
            return name.startsWith(":") ? name.substring(1) : name;
        }

        private static JsonValue scalar(ScalarNode scalar) {
            Tag tag = scalar.getTag();
            String text = scalar.getValue();
            if (tag.equals(Tag.NULL)) {
                return JsonValue.NULL;
            }
            if (tag.equals(Tag.BOOL)) {
                return Boolean.parseBoolean(text) ? JsonValue.TRUE : JsonValue.FALSE;
            }
            if (tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)) {
                try {
                    return JSON.createValue(new BigDecimal(text));
                } catch (NumberFormatException e) {
                    // .inf, 0x1f: JSON has no such numbers.
                    return JSON.createValue(text);
                }
            }
            return JSON.createValue(text);
        }
    }
}
