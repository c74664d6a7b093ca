package dev.everafter.core;

/** Where a {@link StartFrom} lands in the present epoch. */
public sealed interface Start {
    /** Go on after {@code position}; nothing is missing that the log retains. */
    record At(Position position) implements Start {}

    /** The log was rewound below the asked position: {@code gap} says what may never have happened and where to go on. */
    record Rewound(Gap gap) implements Start {}

    /** The position lies beyond everything the log ever gave out, and has no epoch that could explain it. */
    record Ahead(long id, long head) implements Start {}

    /** The epoch is none of this log's. */
    record UnknownEpoch(String epoch) implements Start {}
}
