package dev.everafter.pg;

import dev.everafter.core.RawJson;
import java.util.Optional;

/**
 * An event of the caller's own, to be written by {@link LogSchema#emit(java.sql.Connection, java.util.List)}.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param topic what it is about
 * @param type what happened
 * @param data what there is to say, below 64 MiB
 * @param key which thing it is about, usually an object of key columns
 */
public record NewEvent(String topic, String type, RawJson data, Optional<RawJson> key) {
    /** Without a key. */
    public NewEvent(String topic, String type, RawJson data) {
        this(topic, type, data, Optional.empty());
    }
}
