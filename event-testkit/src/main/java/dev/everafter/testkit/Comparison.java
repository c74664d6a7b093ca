package dev.everafter.testkit;

import dev.everafter.testkit.History.Promise;
import dev.everafter.testkit.History.Stretch;
import java.util.ArrayList;
import java.util.List;

/** Compares one history with what it should be. For one thread, and one history. */
final class Comparison {
    private static final int DETAILS_OF_A_KIND = 3;

    private final String name;
    private final Promise promise;
    private final Deliveries expected;
    private final int holes;
    private final int ended;
    private final List<String> details = new ArrayList<>();
    private int lost;
    private int repeated;
    private int disordered;
    private int unmatched;
    private int unsaidGaps;
    private int gaps;

    Comparison(String name, Promise promise, Deliveries expected, int holes, int ended) {
        this.name = name;
        this.promise = promise;
        this.expected = expected;
        this.holes = holes;
        this.ended = ended;
    }

    Verdict of(List<Stretch> stretches) {
        long before = -1;
        for (Stretch stretch : stretches) {
            if (stretch.start().isEmpty()) {
                // it never got an answer, and the next one stands for it
                tellAll(stretch);
                continue;
            }
            long start = stretch.start().get().id();
            if (before >= 0) {
                join(before, start);
            }
            compare(stretch, start);
            before = stretch.endsAt();
        }
        if (holes > 0) {
            say(0, holes + " holes");
        }
        if (ended > 0) {
            say(0, "ended by itself, " + ended + " times");
        }
        return new Verdict(lost, repeated, disordered, unmatched, unsaidGaps, gaps, holes, ended, List.copyOf(details));
    }

    private void tellAll(Stretch stretch) {
        for (int i = 0; i < stretch.told().size(); i++) {
            unmatched++;
            say(unmatched, "told " + stretch.told().id(i) + " before it was said where it begins");
        }
    }

    /** One stretch has ended at {@code end}, and the next begins at {@code start}. */
    private void join(long end, long start) {
        if (start > end) {
            unsaidGaps++;
            say(unsaidGaps, "went on at " + start + ", and had come to " + end);
            lose(end, start);
        } else if (start < end && promise == Promise.ONCE) {
            int again = expected.after(end) - expected.after(start);
            if (again > 0) {
                say(0, "went back from " + end + " to " + start);
            }
            repeated += again;
        }
    }

    private void lose(long after, long to) {
        for (int i = expected.after(after); i < expected.after(to); i++) {
            lost++;
            say(lost, "lost " + expected.id(i));
        }
    }

    private void compare(Stretch stretch, long start) {
        Deliveries told = stretch.told();
        long highest = start;
        boolean[] late = new boolean[told.size()];
        for (int i = 0; i < told.size(); i++) {
            late[i] = told.id(i) <= highest;
            highest = Math.max(highest, told.id(i));
        }
        int next = expected.after(start);
        int until = expected.after(stretch.endsAt());
        boolean losing = false;
        long previous = -1;
        for (int index : told.sorted()) {
            long id = told.id(index);
            if (id == previous) {
                repeated++;
                say(repeated, "again " + id);
                continue;
            }
            previous = id;
            if (late[index]) {
                disordered++;
                say(disordered, "out of order " + id);
            }
            for (; next < until && expected.id(next) < id; next++) {
                losing = miss(stretch, expected.id(next), losing);
            }
            losing = false;
            if (next < until && expected.id(next) == id) {
                check(told.print(index) == expected.print(next), id);
                next++;
            } else {
                check(false, id);
            }
        }
        for (; next < until; next++) {
            losing = miss(stretch, expected.id(next), losing);
        }
        gaps += stretch.gaps().size();
        stretch.gaps().forEach(gap -> say(gaps, "told that (" + gap[0] + ", " + gap[1] + "] is missing"));
    }

    /** An event that should have come; whether it is (one more of) a range that nobody said was missing. */
    private boolean miss(Stretch stretch, long id, boolean losing) {
        if (stretch.gaps().stream().anyMatch(gap -> id > gap[0] && id <= gap[1])) {
            return false;
        }
        lost++;
        unsaidGaps += losing ? 0 : 1;
        say(lost, "lost " + id);
        return true;
    }

    /** The first few of each kind, which its count tells apart. */
    private void say(int count, String detail) {
        if (count <= DETAILS_OF_A_KIND) {
            details.add(name + ": " + detail);
        }
    }

    private void check(boolean right, long id) {
        if (!right) {
            unmatched++;
            say(unmatched, id + " does not match, or is not in the log, or differs");
        }
    }
}
