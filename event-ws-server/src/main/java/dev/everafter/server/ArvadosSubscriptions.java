package dev.everafter.server;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * The subscriptions of one v0 connection, walked through in one pass in id order: each gets every event after its start
 * that it matches, and no event is sent twice, also where subscriptions overlap, begin at different places, begin again
 * behind what was sent, or have ended.
 *
 * <p>A subscription has passed what lies in its interval (start, high]. An event is sent if some active one that has not
 * passed it matches it, and none that has passed it does, be it active or ended: for that one it was sent then. So the
 * ended ones are kept, the touching intervals of equal filters as one, and a connection may only have so many.
 *
 * <p>Not safe for use by several threads.
 *
 * @param <F> filters; equal ones match the same events
 */
final class ArvadosSubscriptions<F> {
    private final int mostActive;
    private final int most;
    private final List<Interval<F>> active = new ArrayList<>();
    private final List<Interval<F>> ended = new ArrayList<>();
    private long position;

    private static final class Interval<F> {
        private final F filter;
        private long start;
        private long high;

        Interval(F filter, long start) {
            this.filter = filter;
            this.start = start;
            this.high = start;
        }

        boolean passed(long id) {
            return start < id && id <= high;
        }

        boolean joins(Interval<F> other) {
            return filter.equals(other.filter) && start <= other.high && other.start <= high;
        }
    }

    /**
     * A connection without subscriptions.
     *
     * @param mostActive the most that are active
     * @param most the most that are active or remembered
     */
    ArvadosSubscriptions(int mostActive, int most) {
        this.mostActive = mostActive;
        this.most = most;
    }

    /**
     * Begins a subscription after {@code after}, at most {@code head}; at {@code head} if empty. The position moves back if
     * need be.
     *
     * @return false if there are too many
     */
    boolean subscribe(F filter, OptionalLong after, long head) {
        if (active.size() == mostActive || active.size() + ended.size() >= most) {
            return false;
        }
        long start = Math.min(after.orElse(head), head);
        position = active.isEmpty() ? start : Math.min(position, start);
        active.add(new Interval<>(filter, start));
        return true;
    }

    /**
     * Ends the oldest subscription with this filter.
     *
     * @return false if there is none
     */
    boolean unsubscribe(F filter) {
        for (Iterator<Interval<F>> all = active.iterator(); all.hasNext(); ) {
            Interval<F> found = all.next();
            if (found.filter.equals(filter)) {
                all.remove();
                remember(found);
                return true;
            }
        }
        return false;
    }

    private void remember(Interval<F> gone) {
        if (gone.high == gone.start) {
            return;
        }
        for (Iterator<Interval<F>> all = ended.iterator(); all.hasNext(); ) {
            Interval<F> other = all.next();
            if (gone.joins(other)) {
                all.remove();
                gone.start = Math.min(gone.start, other.start);
                gone.high = Math.max(gone.high, other.high);
            }
        }
        ended.add(gone);
    }

    /** Those that are active, oldest first. */
    List<F> filters() {
        return active.stream().map(interval -> interval.filter).toList();
    }

    /** Everything up to here was passed, as far as an active one wants it. */
    long position() {
        return position;
    }

    /**
     * Passes the event {@code id}, which comes after {@link #position()}.
     *
     * @param matches whether it matches a filter
     * @return whether it is to be sent
     */
    boolean pass(long id, Predicate<F> matches) {
        boolean wanted = active.stream().anyMatch(interval -> id > interval.high && matches.test(interval.filter));
        boolean sent = wanted && (isSent(active, id, matches) || isSent(ended, id, matches));
        passTo(id);
        return wanted && !sent;
    }

    private static <F> boolean isSent(List<Interval<F>> intervals, long id, Predicate<F> matches) {
        return intervals.stream().anyMatch(interval -> interval.passed(id) && matches.test(interval.filter));
    }

    /** Nothing else up to {@code id} matches an active one. */
    void passTo(long id) {
        active.forEach(interval -> interval.high = Math.max(interval.high, id));
        position = Math.max(position, id);
    }

    /** The log went back to {@code fork}: ids after it are given to other events from now on. */
    void rewind(long fork) {
        position = Math.min(position, fork);
        active.forEach(interval -> cut(interval, fork));
        ended.forEach(interval -> cut(interval, fork));
        ended.removeIf(interval -> interval.high == interval.start);
    }

    private static <F> void cut(Interval<F> interval, long fork) {
        interval.start = Math.min(interval.start, fork);
        interval.high = Math.min(interval.high, fork);
    }

    /** How many ended ones are remembered. */
    int remembered() {
        return ended.size();
    }
}
