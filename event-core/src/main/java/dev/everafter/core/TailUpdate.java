package dev.everafter.core;

import java.util.List;

/** One step of a {@link Tailer}. */
public sealed interface TailUpdate {
    /**
     * The tailer follows {@code epoch}, and everything up to {@code head} is proven: always the first update. It may be
     * told again, with a larger head, where the tailer can't tell what came in between: that is left to the log.
     *
     * @param epoch the present history
     * @param head 0..{@link Position#MAX_ID}
     */
    record Started(String epoch, long head) implements TailUpdate {}

    /**
     * {@code events} are all there is in (previous head, {@code head}], in id order, durable, and none will be added.
     *
     * @param events may be empty
     * @param head never smaller than before
     */
    record Advanced(List<Event> events, long head) implements TailUpdate {
        /** Copies the list. */
        public Advanced {
            events = List.copyOf(events);
        }
    }

    /**
     * The log was rewound: what followed {@code fork} in the old epoch is gone, and {@code epoch} goes on from there.
     *
     * @param epoch the new history
     * @param fork the last id that both histories share; also the new head
     */
    record EpochChanged(String epoch, long fork) implements TailUpdate {}
}
