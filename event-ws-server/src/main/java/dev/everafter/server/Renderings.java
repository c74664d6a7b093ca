package dev.everafter.server;

import dev.everafter.server.spi.Principal;
import dev.everafter.server.spi.Renderer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * The ways in which clients may see events, by name. Who asks for none gets {@value #DEFAULT}. One that a principal may not
 * use looks to it as if there were none.
 *
 * <p>Immutable and safe for use by any thread.
 */
final class Renderings {
    static final String DEFAULT = "default";

    private final Map<String, Rendering> byName = new LinkedHashMap<>();

    /** @param make makes a rendering of its name and its renderer */
    Renderings(Map<String, Renderer> renderers, BiFunction<String, Renderer, Rendering> make) {
        renderers.forEach((name, renderer) -> byName.put(name, make.apply(name, renderer)));
    }

    /** Whether events are shown as they are, to everybody. */
    boolean isNone() {
        return byName.isEmpty();
    }

    /** The one that was asked for, if there is one of that name that {@code principal} may use. */
    Optional<Rendering> find(Optional<String> name, Optional<Principal> principal) {
        return Optional.ofNullable(byName.get(name.orElse(DEFAULT)))
                .filter(found -> found.renderer().mayUse(principal));
    }

    static String unknown(Optional<String> name) {
        return "no rendering \"" + name.orElse(DEFAULT) + "\" for this client: name another in \"render\"";
    }

    /** How many bytes all of them keep. */
    long bytes() {
        return byName.values().stream().mapToLong(Rendering::bytes).sum();
    }
}
