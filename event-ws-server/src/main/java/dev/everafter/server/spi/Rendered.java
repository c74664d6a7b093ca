package dev.everafter.server.spi;

import dev.everafter.core.RawJson;
import java.util.Optional;

/**
 * What a {@link Renderer} made of one event. Id, time, topic, type and transaction are always the event's own.
 *
 * <p>Immutable and safe for use by any thread.
 */
public sealed interface Rendered {
    /**
     * What is shown; each part must be valid JSON. Of an event that only says that a row {@linkplain
     * dev.everafter.core.Event#left() left}, the key alone is.
     */
    record Shown(Optional<RawJson> key, Optional<RawJson> data, Optional<RawJson> old) implements Rendered {}

    /**
     * This event can't be rendered, now or later: it is sent without key, data and old, and says so.
     *
     * @param why for the log
     */
    record Failed(String why) implements Rendered {}
}
