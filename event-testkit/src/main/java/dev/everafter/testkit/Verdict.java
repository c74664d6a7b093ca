package dev.everafter.testkit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What is wrong with histories; all zero if nothing is.
 *
 * @param lost events that match, and never came
 * @param repeated events that came again where the promise is once
 * @param disordered events that came after a later one
 * @param unmatched events that came, and don't match, or aren't in the log, or differ from what is
 * @param unsaidGaps ranges of lost events, and places where a subscriber went on beyond its position
 * @param gaps ranges said to be missing, though nothing is
 * @param holes messages that didn't join on to the position
 * @param ended subscriptions that ended by themselves
 * @param details the first few of all these, for a person to read
 */
public record Verdict(
        int lost,
        int repeated,
        int disordered,
        int unmatched,
        int unsaidGaps,
        int gaps,
        int holes,
        int ended,
        List<String> details) {
    private static final int DETAILS = 100;
    private static final Verdict CLEAN = new Verdict(0, 0, 0, 0, 0, 0, 0, 0, List.of());

    /** Of all {@code histories}, each compared with {@code table}. */
    public static Verdict of(LogTable table, List<History> histories) {
        return histories.stream().map(history -> history.compare(table)).reduce(CLEAN, Verdict::plus);
    }

    private Verdict plus(Verdict other) {
        return new Verdict(
                lost + other.lost,
                repeated + other.repeated,
                disordered + other.disordered,
                unmatched + other.unmatched,
                unsaidGaps + other.unsaidGaps,
                gaps + other.gaps,
                holes + other.holes,
                ended + other.ended,
                Stream.concat(details.stream(), other.details.stream())
                        .limit(DETAILS)
                        .toList());
    }

    /** Whether every promise was kept. */
    public boolean clean() {
        return errors().values().stream().allMatch(count -> count == 0);
    }

    /** The count of each kind of error. */
    public Map<String, Integer> errors() {
        Map<String, Integer> errors = new LinkedHashMap<>();
        errors.put("lost", lost);
        errors.put("repeated", repeated);
        errors.put("out of order", disordered);
        errors.put("unmatched", unmatched);
        errors.put("unsaid gaps", unsaidGaps);
        errors.put("gaps without a cause", gaps);
        errors.put("holes", holes);
        errors.put("ended by themselves", ended);
        return errors;
    }
}
