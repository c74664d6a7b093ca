package dev.everafter.client;

import java.util.Optional;

/**
 * The proof that nothing is missing between a position and a message: the message begins at or before the position, and
 * its items are in order and within its range. Holds no state.
 */
final class Continuity {
    private Continuity() {}

    /**
     * What is wrong with a move to {@code to}, or with a gap up to there, for a subscriber at {@code position} of whom the
     * server says {@code after}.
     */
    static Optional<String> flaw(long position, long after, long to) {
        return after > position
                ? Optional.of(
                        "what is said of " + to + " after " + after + " leaves out (" + position + ", " + after + "]")
                : Optional.empty();
    }

    /** What is wrong with {@code events} for a subscriber at {@code position}; empty if it may be handled. */
    static Optional<String> flaw(long position, ServerMessages.Events events) {
        if (events.after() > position) {
            return Optional.of("events after " + events.after() + " to " + events.to() + " leave out (" + position
                    + ", " + events.after() + "]");
        }
        if (events.to() <= events.after()) {
            return Optional.of("events after " + events.after() + " to " + events.to() + " are no range");
        }
        long before = events.after();
        for (ServerMessages.Item item : events.items()) {
            long id = item.event().id();
            if (id <= before || id > events.to()) {
                return Optional.of("event " + id + " does not belong between " + before + " and " + events.to());
            }
            before = id;
        }
        return Optional.empty();
    }
}
