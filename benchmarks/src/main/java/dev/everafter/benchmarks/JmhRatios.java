package dev.everafter.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;

/**
 * The ratios that are promised, in words: of one parameter between its values, and of one method to the other beside it.
 * Stateless.
 */
final class JmhRatios {
    private JmhRatios() {}

    static List<String> of(Collection<RunResult> results) {
        Map<String, Double> scores = new LinkedHashMap<>();
        results.forEach(
                result -> scores.put(name(result), result.getPrimaryResult().getScore()));
        List<String> ratios = new ArrayList<>();
        add(ratios, scores, "MatchingBenchmark.index filters=100000", "MatchingBenchmark.index filters=100");
        for (int filters : List.of(1, 100, 10_000, 100_000)) {
            String parameter = " filters=" + filters;
            add(ratios, scores, "MatchingBenchmark.scan" + parameter, "MatchingBenchmark.index" + parameter);
        }
        for (int bytes : List.of(200, 2_000)) {
            String parameter = " bytes=" + bytes;
            add(ratios, scores, "ReadingBenchmark.parsed" + parameter, "ReadingBenchmark.column" + parameter);
        }
        return ratios;
    }

    private static void add(List<String> ratios, Map<String, Double> scores, String one, String other) {
        if (scores.containsKey(one) && scores.containsKey(other)) {
            ratios.add(String.format(
                    Locale.ROOT,
                    "%s / %s = %.2f",
                    one,
                    other,
                    scores.getOrDefault(one, 0.0) / scores.getOrDefault(other, 1.0)));
        }
    }

    private static String name(RunResult result) {
        StringBuilder name =
                new StringBuilder(result.getParams().getBenchmark().replaceFirst("^.*[.](?=[^.]+[.][^.]+$)", ""));
        for (String parameter : result.getParams().getParamsKeys()) {
            name.append(' ')
                    .append(parameter)
                    .append('=')
                    .append(result.getParams().getParam(parameter));
        }
        return name.toString();
    }
}
