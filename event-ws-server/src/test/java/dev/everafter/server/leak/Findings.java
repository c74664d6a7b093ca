package dev.everafter.server.leak;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What was delivered on which path, and what of it should not have been.
 *
 * <p>For one thread.
 */
final class Findings {
    private static final int KEPT = 5;
    private static final int LONGEST = 2_000;

    private final Map<Path, Long> taken = new EnumMap<>(Path.class);
    private final List<String> foreign = new ArrayList<>();
    private final List<String> wrong = new ArrayList<>();
    private long deliveries;

    /** The ways on which something could come to somebody. */
    enum Path {
        LIVE,
        REPLAY,
        ORACLE,
        LEFT,
        OLD_SHOWN,
        OLD_HIDDEN,
        DELETED,
        TRUNCATED,
        OMITTED,
        POSITION,
        FELL_BEHIND,
        RESUMED,
        RETENTION,
        REWOUND,
        ERROR,
        UNSUBSCRIBED,
        AUTHORIZED,
        REVOKED,
        SECOND_SERVER
    }

    void take(Path path) {
        taken.merge(path, 1L, Long::sum);
    }

    void deliver() {
        deliveries++;
    }

    long deliveries() {
        return deliveries;
    }

    /** Something was shown to whom it isn't for. */
    void foreign(String what) {
        foreign.add(foreign.size() < KEPT ? shortened(what) : "");
    }

    /** Something didn't come, or otherwise than it was asked for. */
    void wrong(String what) {
        wrong.add(wrong.size() < KEPT ? shortened(what) : "");
    }

    int foreignCount() {
        return foreign.size();
    }

    /** The paths on which nothing has come yet. */
    List<Path> missing() {
        return List.of(Path.values()).stream()
                .filter(path -> !taken.containsKey(path))
                .toList();
    }

    boolean clean() {
        return foreign.isEmpty() && wrong.isEmpty();
    }

    @Override
    public String toString() {
        return deliveries + " deliveries, " + foreign.size() + " foreign " + some(foreign) + ", " + wrong.size()
                + " otherwise wrong " + some(wrong) + ", " + taken;
    }

    private static String shortened(String what) {
        String read = what.replaceAll("x{9,}", "x..");
        return read.substring(0, Math.min(LONGEST, read.length()));
    }

    private static List<String> some(List<String> all) {
        return all.subList(0, Math.min(KEPT, all.size()));
    }
}
