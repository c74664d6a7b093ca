package dev.everafter.server;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.core.Kinds;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What kinds of objects there are, told by their UUIDs: the five characters after the first dash are the last five base-36
 * digits of the MD5 of the class's name.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class ArvadosKinds implements Kinds {
    static final List<String> KNOWN = List.of(
            "Collection",
            "Group",
            "ContainerRequest",
            "Container",
            "User",
            "Log",
            "Link",
            "Workflow",
            "ApiClientAuthorization",
            "AuthorizedKey",
            "VirtualMachine",
            "UserAgreement",
            "KeepService",
            "Credential");

    private static final String PREFIX = "arvados#";
    private static final int INFIX = 5;
    private static final Pattern CLASS = Pattern.compile("[A-Z][A-Za-z0-9]*");
    private static final Pattern UUID = Pattern.compile("[0-9a-z]{5}-[0-9a-z]{5}-[0-9a-z]{15}");
    private static final Pattern PORTABLE_DATA_HASH = Pattern.compile("[0-9a-f]{32}\\+[0-9]+");

    private final Map<String, String> classes = new LinkedHashMap<>();

    /** @param names of classes; two whose names end in one infix would be a mistake of the system that is served */
    ArvadosKinds(Collection<String> names) {
        for (String name : names) {
            if (!CLASS.matcher(name).matches()) {
                throw new IllegalArgumentException(
                        "\"" + name + "\" is no name of a class: expected one such as Collection");
            }
            classes.put(infix(name), name);
        }
    }

    static String infix(String className) {
        try {
            byte[] md5 = MessageDigest.getInstance("MD5").digest(className.getBytes(StandardCharsets.UTF_8));
            String digits = "0".repeat(INFIX) + new BigInteger(1, md5).toString(36);
            return digits.substring(digits.length() - INFIX);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has MD5", e);
        }
    }

    /** The kind of the object that {@code uuid} names, such as {@code arvados#collection}; empty if it isn't known. */
    Optional<String> kind(String uuid) {
        return className(uuid).map(name -> PREFIX + name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1));
    }

    private Optional<String> className(String uuid) {
        int from = uuid.indexOf('-') + 1;
        return from > 0 && uuid.length() >= from + INFIX
                ? Optional.ofNullable(classes.get(uuid.substring(from, from + INFIX)))
                : Optional.empty();
    }

    /**
     * Where the API server has the object, as {@code collections/zzzzz-4zz18-...}; empty if {@code name} is neither the UUID of
     * a known kind nor a portable data hash. It has no character that would have to be escaped.
     */
    Optional<String> path(String name) {
        if (PORTABLE_DATA_HASH.matcher(name).matches()) {
            return Optional.of("collections/" + name);
        }
        return UUID.matcher(name).matches()
                ? className(name).map(found -> plural(found) + "/" + name)
                : Optional.empty();
    }

    private static String plural(String className) {
        return className.replaceAll("(?<!^)([A-Z])", "_$1").toLowerCase(Locale.ROOT) + "s";
    }

    /** Whether {@code kind} is one that {@link #kind} gives. */
    boolean isKnown(String kind) {
        return infixOf(kind).filter(classes::containsKey).isPresent();
    }

    /** Also kinds that aren't known have an infix, and what has it is of the kind. */
    @Override
    public Optional<Filter> isA(Attribute attribute, String kind) {
        return infixOf(kind).map(infix -> Filter.where(attribute).like("_____-" + infix + "-%"));
    }

    private static Optional<String> infixOf(String kind) {
        if (!kind.startsWith(PREFIX) || kind.length() == PREFIX.length()) {
            return Optional.empty();
        }
        String name = kind.substring(PREFIX.length());
        String className = name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
        return Character.isLowerCase(name.charAt(0)) && CLASS.matcher(className).matches()
                ? Optional.of(infix(className))
                : Optional.empty();
    }
}
