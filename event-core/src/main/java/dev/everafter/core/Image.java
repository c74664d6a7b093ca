package dev.everafter.core;

/** One state of what an event is about, as a filter sees it; parsed only as far as it is asked. */
public interface Image {
    /** What {@code attribute} holds; {@link Value#absent()} where it leads nowhere. */
    Value value(Attribute attribute);
}
