package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterException;
import dev.everafter.core.FilterTemplate;
import dev.everafter.core.Value;
import dev.everafter.server.FileInForce.BrokenException;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonArray;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import jakarta.json.stream.JsonParser;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who sees what, as a file says it: {@code {"rules":[{"when":{"role":"clerk"},"sees":"data.owner = ${sub}"}]}}. A principal
 * sees what any rule shows it whose conditions it meets; so with none, nothing. A rule that needs an attribute which the
 * principal hasn't got, or has in another form, shows it nothing.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class AccessRules {
    private static final String SUBJECT = "sub";
    private static final Set<String> MEMBERS = Set.of("when", "sees", "note");
    private static final JsonProvider JSON = JsonProvider.provider();

    private final List<Rule> rules;

    /** @param when for each attribute the values of which it must have one */
    private record Rule(Map<String, List<Value>> when, FilterTemplate sees) {}

    private AccessRules(List<Rule> rules) {
        this.rules = rules;
    }

    /** What {@code principal} sees. */
    Filter visibility(Principal principal) {
        List<Filter> seen = rules.stream()
                .filter(rule -> meets(principal, rule.when))
                .flatMap(rule -> rule.sees.bind(name -> attribute(principal, name)).stream())
                .toList();
        return new Filter.Or(seen);
    }

    /** Whether {@code principal} has for each attribute one of its values. */
    static boolean meets(Principal principal, Map<String, List<Value>> conditions) {
        return conditions.entrySet().stream().allMatch(condition -> meets(principal, condition));
    }

    private static boolean meets(Principal principal, Map.Entry<String, List<Value>> condition) {
        Optional<JsonValue> attribute = attribute(principal, condition.getKey());
        List<? extends JsonValue> has = attribute.isPresent() && attribute.get() instanceof JsonArray array
                ? array
                : attribute.stream().toList();
        return has.stream().map(value -> Value.of(value)).anyMatch(condition.getValue()::contains);
    }

    /** The subject is the one that the connection has, whatever an attribute of that name says. */
    private static Optional<JsonValue> attribute(Principal principal, String name) {
        return name.equals(SUBJECT)
                ? Optional.of(JSON.createValue(principal.subject()))
                : Optional.ofNullable(principal.attributes().get(name));
    }

    // ---- the file

    static AccessRules parse(byte[] content) throws BrokenException {
        JsonObject file = object(new String(content, StandardCharsets.UTF_8));
        if (!(file.get("rules") instanceof JsonArray array) || file.size() != 1) {
            throw new BrokenException("expected {\"rules\": [..]}, and nothing beside \"rules\"");
        }
        List<Rule> rules = new ArrayList<>();
        for (JsonValue json : array) {
            try {
                rules.add(rule(json));
            } catch (BrokenException | FilterException e) {
                throw new BrokenException("rule " + (rules.size() + 1) + ": " + e.getMessage());
            }
        }
        return new AccessRules(List.copyOf(rules));
    }

    /** The one object that {@code text} is. */
    static JsonObject object(String text) throws BrokenException {
        try (JsonParser parser = JSON.createParser(new StringReader(text))) {
            parser.next();
            JsonObject object = parser.getObject();
            if (parser.hasNext()) {
                throw new BrokenException("something follows after its last \"}\"");
            }
            return object;
        } catch (JsonException e) {
            throw new BrokenException("it is no JSON: " + e.getMessage());
        } catch (RuntimeException e) {
            // No object, or beyond one of Parsson's limits, of which it tells in any way.
            throw new BrokenException("it is no JSON object: " + e.getMessage());
        }
    }

    private static Rule rule(JsonValue json) throws BrokenException {
        if (!(json instanceof JsonObject rule)) {
            throw new BrokenException("expected an object such as {\"sees\": \"data.owner = ${sub}\"}");
        }
        for (String member : rule.keySet()) {
            if (!MEMBERS.contains(member)) {
                throw new BrokenException("unknown member \"" + member + "\": expected when, sees or note");
            }
        }
        if (!(rule.get("sees") instanceof JsonString sees)) {
            throw new BrokenException("expected \"sees\" with a filter's text, such as \"data.owner = ${sub}\"");
        }
        return new Rule(when(rule), template(sees.getString()));
    }

    private static FilterTemplate template(String sees) throws BrokenException {
        try {
            return FilterTemplate.parse(sees);
        } catch (FilterException e) {
            throw new BrokenException("\"sees\" " + e.getMessage());
        }
    }

    /** The conditions in {@code rule}'s member {@code when}, if it has one. */
    static Map<String, List<Value>> when(JsonObject rule) throws BrokenException {
        if (!(rule.getOrDefault("when", JsonValue.EMPTY_JSON_OBJECT) instanceof JsonObject conditions)) {
            throw new BrokenException("expected \"when\" with an object such as {\"role\": \"clerk\"}");
        }
        Map<String, List<Value>> when = new java.util.HashMap<>();
        for (Map.Entry<String, JsonValue> condition : conditions.entrySet()) {
            JsonValue json = condition.getValue();
            List<Value> values = new ArrayList<>();
            for (JsonValue value : json instanceof JsonArray array ? array : List.of(json)) {
                if (!isScalar(value)) {
                    throw new BrokenException("\"when\" has for \"" + condition.getKey()
                            + "\" something else than a string, number or boolean, or a list of them");
                }
                values.add(Value.of(value));
            }
            when.put(condition.getKey(), List.copyOf(values));
        }
        return Map.copyOf(when);
    }

    private static boolean isScalar(JsonValue json) {
        return switch (json.getValueType()) {
            case STRING, NUMBER, TRUE, FALSE -> true;
            case NULL, ARRAY, OBJECT -> false;
        };
    }
}
