package dev.everafter.examples.history;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A small table of numbers with their names. For one thread. */
final class Figures {
    private final String title;
    private final Map<String, Long> lines = new LinkedHashMap<>();

    Figures(String title) {
        this.title = title;
    }

    void add(String name, long figure) {
        lines.put(name, figure);
    }

    void addAll(Map<String, Integer> figures) {
        (figures instanceof LinkedHashMap ? figures : new TreeMap<>(figures)).forEach(this::add);
    }

    private void add(String name, Integer figure) {
        lines.put(name, (long) figure);
    }

    void print() {
        StringBuilder text = new StringBuilder(title);
        lines.forEach((name, figure) -> text.append(String.format(Locale.ROOT, "%n  %-44s %,12d", name, figure)));
        System.out.println(text);
    }
}
