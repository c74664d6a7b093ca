package dev.everafter.benchmarks;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What was measured of some variants, round by round, and the ratio of each to one of them within the same round: a
 * machine that is slower in one round than in another changes the figures of both, and their ratio little.
 *
 * <p>Not safe for use by several threads.
 */
final class Results {
    private final String title;
    private final String base;
    private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();

    Results(String title, String base) {
        this.title = title;
        this.base = base;
    }

    /** One round of one variant; each round must have the same figures. */
    void add(String variant, Map<String, Double> round) {
        round.forEach((figure, value) -> figures.computeIfAbsent(figure, f -> new LinkedHashMap<>())
                .computeIfAbsent(variant, v -> new ArrayList<>())
                .add(value));
    }

    String title() {
        return title;
    }

    Map<String, Map<String, List<Double>>> figures() {
        return figures;
    }

    /** Median, least and most over the rounds, and of the ratios to the base. */
    void print(PrintStream out) {
        out.println();
        out.println(title + "; ratios are to: " + base);
        figures.forEach((figure, variants) -> {
            out.println("  " + figure);
            variants.forEach((variant, values) -> {
                List<Double> bases = variants.getOrDefault(base, List.of());
                String ratios = variant.equals(base) || bases.isEmpty() ? "" : "ratio " + ratios(values, bases);
                out.println(String.format(Locale.ROOT, "    %-30s %-36s %s", variant, spread(values), ratios)
                        .stripTrailing());
            });
        });
    }

    private static String ratios(List<Double> values, List<Double> base) {
        int rounds = Math.min(values.size(), base.size());
        return spread(IntStream.range(0, rounds)
                .filter(i -> base.get(i) != 0)
                .mapToObj(i -> values.get(i) / base.get(i))
                .toList());
    }

    private static String spread(List<Double> values) {
        if (values.isEmpty()) {
            return "-";
        }
        List<Double> sorted = values.stream().sorted().toList();
        return String.format(
                Locale.ROOT,
                "%8s [%s .. %s]",
                number(median(sorted)),
                number(sorted.get(0)),
                number(sorted.get(sorted.size() - 1)));
    }

    private static double median(List<Double> sorted) {
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    private static String number(double value) {
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f", value);
    }
}
