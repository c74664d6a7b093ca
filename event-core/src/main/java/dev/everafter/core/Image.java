package dev.everafter.core;

import java.util.function.Predicate;

/** One state of what an event is about, as a filter sees it; parsed only as far as it is asked. */
public interface Image {
    /** What {@code attribute} holds; {@link Value#absent()} where it leads nowhere. */
    Value value(Attribute attribute);

    /** Whether {@code path} leads somewhere, be it to a null. */
    boolean exists(Attribute.Path path);

    /** Whether topic, type, or a column of key or data is a string that {@code wanted} accepts. */
    boolean anyText(Predicate<String> wanted);
}
