package dev.everafter.core;

import java.util.List;
import java.util.Optional;

/**
 * Takes events from a cursor, and tells the listener what comes between them.
 *
 * <p>For one thread at a time, but for {@link #close()}, {@link #ended()} and the signal of {@link #onReady}.
 */
final class Intake {
    /** A batch ends there, so that one large event after the other doesn't fill the memory. */
    private static final long BATCH_BYTES = 1L << 20;

    private final Cursor cursor;
    private final FollowingListener listener;
    private String epoch = "";

    Intake(Cursor cursor, FollowingListener listener) {
        this.cursor = cursor;
        this.listener = listener;
    }

    /** See {@link Cursor#onReady}. */
    void onReady(Runnable signal) {
        cursor.onReady(signal);
    }

    /**
     * The next events, at most {@code most}; none if there are none now, or no more at all. Asked for 0 it still finds its
     * start, or the end.
     *
     * @throws FollowingException if it has come to an end that is not the hub's
     */
    List<Event> take(int most) {
        while (most > 0 || epoch.isEmpty() || ended()) {
            long before = cursor.position();
            Poll poll = cursor.poll(Math.max(1, most), BATCH_BYTES);
            noticeEpoch(poll, before);
            if (poll instanceof Poll.Events found) {
                return found.batch().events();
            }
            if (poll instanceof Poll.Nothing || isEnd(poll)) {
                return List.of();
            }
            tell(poll);
        }
        return List.of();
    }

    private void tell(Poll poll) {
        if (poll instanceof Poll.Missing missing) {
            listener.onGap(missing.gap());
        } else if (poll instanceof Poll.CaughtUp live) {
            listener.onCaughtUp(new Position(epoch, live.at()));
        } else if (poll instanceof Poll.FellBehind behind) {
            listener.onFellBehind(new Position(epoch, behind.at()));
        } else if (poll instanceof Poll.Queued queued) {
            listener.onQueued(queued.ahead());
        }
    }

    /** A gap names the new epoch itself. */
    private void noticeEpoch(Poll poll, long before) {
        String now = cursor.epoch();
        if (now.equals(epoch)) {
            return;
        }
        epoch = now;
        if (poll instanceof Poll.Started begin) {
            listener.onStarted(begin.position());
        } else if (!(poll instanceof Poll.Missing)) {
            listener.onStarted(new Position(epoch, before));
        }
    }

    private static boolean isEnd(Poll poll) {
        if (!(poll instanceof Poll.Ended end)) {
            return false;
        }
        switch (end.reason()) {
            case POSITION_AHEAD -> throw new FollowingException(FollowingException.Code.POSITION_AHEAD, end.message());
            case EPOCH_UNKNOWN -> throw new FollowingException(FollowingException.Code.EPOCH_UNKNOWN, end.message());
            case CLOSED -> {}
        }
        return true;
    }

    /** Done with everything up to here; empty before the start is found. */
    Optional<Position> position() {
        return epoch.isEmpty() ? Optional.empty() : Optional.of(new Position(epoch, cursor.position()));
    }

    /** In the epoch of the events that were taken last. */
    Position at(long id) {
        return new Position(epoch, id);
    }

    boolean ended() {
        return cursor.state() == Cursor.State.CLOSED;
    }

    void close() {
        cursor.close();
    }
}
