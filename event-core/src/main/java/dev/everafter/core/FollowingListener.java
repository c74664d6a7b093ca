package dev.everafter.core;

/**
 * Told of all that comes between the events of one {@link Following}; each method but {@link #onGap} does nothing by
 * default. An exception from any of them ends it, as one of its own.
 *
 * <p>The calls come one at a time, in order with the events, from whichever thread takes those.
 */
public interface FollowingListener {
    /** A listener that ignores everything but gaps, which end it. */
    FollowingListener NONE = new FollowingListener() {};

    /**
     * Nothing after {@code position} will be missed. Told again, under a new epoch, where the log was rewound and the
     * position is none of those in question.
     */
    default void onStarted(Position position) {}

    /**
     * Events can't be had. By default that ends it with {@link FollowingException.Code#GAP}; whoever overrides this goes on
     * behind the gap, at {@link Gap#resume()}, which may be a smaller id than before.
     */
    default void onGap(Gap gap) {
        throw new FollowingException(
                FollowingException.Code.GAP,
                "the events after " + gap.after() + " up to " + gap.to()
                        + " can't be had any more (" + gap.reason() + "): start again at " + gap.resume()
                        + ", or override onGap to go on there");
    }

    /** From here on events come from memory. */
    default void onCaughtUp(Position position) {}

    /** It has become slower than the writers, and reads the log again. */
    default void onFellBehind(Position position) {}

    /** Its reading of the log waits for its turn; {@code ahead} others come first. */
    default void onQueued(int ahead) {}
}
