package dev.everafter.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a run is asked for.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param quick a run of seconds, which shows that everything works and measures nothing
 * @param rounds how often each variant is measured, if not as often as the benchmark likes
 * @param profile where the server's profile goes, if one is wanted (which costs the server some percent)
 */
record Options(boolean quick, Optional<Integer> rounds, Optional<Path> profile) {
    /** Either of two sizes. */
    int size(int full, int small) {
        return quick ? small : full;
    }

    /** Rounds after {@code warmUps} others; a quick run has one and no warm-up. */
    Rounds rounds(int warmUps, int usual) {
        return new Rounds(quick ? 0 : warmUps, rounds.orElse(quick ? 1 : usual));
    }

    /** What the server's JVM is started with beside {@code others}. */
    List<String> serverJvm(String... others) {
        List<String> options = new ArrayList<>(List.of(others));
        profile.ifPresent(file -> options.add("-D" + ChildMain.PROFILE + "=" + file.toAbsolutePath()));
        return options;
    }
}
