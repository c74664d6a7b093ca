package dev.everafter.core;

import java.time.Instant;

/** Where a subscription begins. */
public sealed interface StartFrom {
    /** From the first event after {@code position}; the only start that notices a rewound log. */
    static StartFrom after(Position position) {
        return new After(position);
    }

    /** From the oldest event that the log retains. */
    static StartFrom beginning() {
        return Beginning.INSTANCE;
    }

    /** From the first event after the head at the time of subscribing. */
    static StartFrom now() {
        return Now.INSTANCE;
    }

    /** Every event committed at or after {@code instant}, perhaps with some earlier ones. */
    static StartFrom time(Instant instant) {
        return new Time(instant);
    }

    /** See {@link #after}. */
    record After(Position position) implements StartFrom {}

    /**
     * From the first event after {@code id}, whatever the epoch. A log that was rewound can't be told from one that was
     * not, so prefer {@link After}.
     *
     * @param id 0..{@link Position#MAX_ID}
     */
    record AfterId(long id) implements StartFrom {
        /** @throws IllegalArgumentException if {@code id} is out of range */
        public AfterId {
            Position.requireId(id);
        }
    }

    /** See {@link #beginning}. */
    enum Beginning implements StartFrom {
        /** The one value. */
        INSTANCE
    }

    /** See {@link #now}. */
    enum Now implements StartFrom {
        /** The one value. */
        INSTANCE
    }

    /** See {@link #time}. */
    record Time(Instant instant) implements StartFrom {}
}
