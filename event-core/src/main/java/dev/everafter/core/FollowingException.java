package dev.everafter.core;

/** A {@link Following} has ended before its time. */
public final class FollowingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why. */
    public enum Code {
        /** Events can't be had, and the listener did not say to go on; {@link FollowingListener#onGap}. */
        GAP,
        /** The position it was to start from lies beyond all the log ever gave out. */
        POSITION_AHEAD,
        /** The position's epoch is none of this log's. */
        EPOCH_UNKNOWN,
        /** The waiting thread was interrupted; its flag is set. */
        INTERRUPTED
    }

    private final Code code;

    FollowingException(Code code, String message) {
        super(message);
        this.code = code;
    }

    /** Why it has ended. */
    public Code code() {
        return code;
    }
}
