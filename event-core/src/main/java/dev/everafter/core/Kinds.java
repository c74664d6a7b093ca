package dev.everafter.core;

import java.util.Optional;

/**
 * What {@code is_a} means where a program has kinds of things, told by the form of their names. A condition
 * {@code [attribute, "is_a", kind]} becomes the filter that this gives, when it is read: what evaluates filters knows
 * nothing of kinds.
 *
 * <p>Called by any thread.
 */
public interface Kinds {
    /** Knows none, so {@code is_a} is refused. */
    Kinds NONE = (attribute, kind) -> Optional.empty();

    /** What matches where {@code attribute} names a thing of {@code kind}; empty if there is no such kind. */
    Optional<Filter> isA(Attribute attribute, String kind);
}
