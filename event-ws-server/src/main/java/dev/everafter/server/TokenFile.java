package dev.everafter.server;

import dev.everafter.server.FileInForce.BrokenException;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import jakarta.json.stream.JsonParser;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A file of tokens, one JSON object a line: {@code {"sha256":"64 hexadecimal digits","subject":"alice"}}, and where wanted
 * {@code "expires":"2027-01-01T00:00:00Z"} and {@code "attributes":{...}}. Empty lines, and those that begin with {@code
 * #}, are comments. Whatever else stands there makes the whole file a broken one.
 *
 * <p>Only for tokens that are random, as those of {@link BearerToken#random}: from the hash of a word the word can be
 * found.
 *
 * <p>Holds no state.
 */
public final class TokenFile {
    private static final Set<String> MEMBERS = Set.of("sha256", "subject", "expires", "attributes");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final JsonProvider JSON = JsonProvider.provider();

    private TokenFile() {}

    /** The line by which {@code token} is {@code principal}'s, without its end; the token isn't in it. */
    public static String line(BearerToken token, Principal principal) {
        JsonObjectBuilder line =
                JSON.createObjectBuilder().add("sha256", token.sha256()).add("subject", principal.subject());
        principal.expiresAt().ifPresent(time -> line.add("expires", time.toString()));
        if (!principal.attributes().isEmpty()) {
            JsonObjectBuilder attributes = JSON.createObjectBuilder();
            principal.attributes().forEach(attributes::add);
            line.add("attributes", attributes);
        }
        return line.build().toString();
    }

    /** The principals by their tokens' hashes. */
    static Map<String, Principal> parse(byte[] content) throws BrokenException {
        if (content.length == 0) {
            throw new BrokenException("it has zero bytes; a file without tokens has a comment in it");
        }
        Map<String, Principal> principals = new HashMap<>();
        int number = 0;
        for (String line : new String(content, StandardCharsets.UTF_8).split("\n", -1)) {
            number++;
            String text = line.strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                add(principals, text, number);
            }
        }
        return Map.copyOf(principals);
    }

    private static void add(Map<String, Principal> principals, String line, int number) throws BrokenException {
        // The line itself isn't repeated: somebody may have put the token there.
        JsonObject json = object(line).orElseThrow(() -> broken(number, "it is no JSON object"));
        if (!MEMBERS.containsAll(json.keySet())) {
            throw broken(number, "it has members beside sha256, subject, expires and attributes");
        }
        String hash = string(json, "sha256").orElse("");
        if (!HASH.matcher(hash).matches()) {
            throw broken(number, "\"sha256\" must have 64 lower-case hexadecimal digits");
        }
        String subject = string(json, "subject").orElse("");
        if (subject.isEmpty()) {
            throw broken(number, "\"subject\" must say whose token it is");
        }
        if (principals.put(hash, new Principal(subject, attributes(json, number), expires(json, number))) != null) {
            throw broken(number, "the same token stands in a line before");
        }
    }

    private static Optional<JsonObject> object(String line) {
        try (JsonParser parser = JSON.createParser(new StringReader(line))) {
            parser.next();
            JsonObject object = parser.getObject();
            return parser.hasNext() ? Optional.empty() : Optional.of(object);
        } catch (RuntimeException e) {
            // Not JSON, no object, or beyond one of Parsson's limits, of which it tells in any way.
            return Optional.empty();
        }
    }

    private static Optional<String> string(JsonObject json, String name) {
        return json.get(name) instanceof JsonString text ? Optional.of(text.getString()) : Optional.empty();
    }

    private static Map<String, JsonValue> attributes(JsonObject json, int number) throws BrokenException {
        JsonValue attributes = json.getOrDefault("attributes", JsonValue.EMPTY_JSON_OBJECT);
        if (attributes instanceof JsonObject object) {
            return object;
        }
        throw broken(number, "\"attributes\" must be an object");
    }

    private static Optional<Instant> expires(JsonObject json, int number) throws BrokenException {
        if (!json.containsKey("expires")) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    OffsetDateTime.parse(string(json, "expires").orElse("")).toInstant());
        } catch (DateTimeException e) {
            throw broken(number, "\"expires\" must be a time such as 2027-01-01T00:00:00Z");
        }
    }

    private static BrokenException broken(int number, String why) {
        return new BrokenException("line " + number + ": " + why);
    }
}
