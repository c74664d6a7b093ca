package dev.everafter.benchmarks;

import java.util.Locale;

/**
 * How much of the machine other work has used since this was made: figures of a noisy run are not to be trusted far.
 *
 * <p>For one thread.
 */
final class Noise {
    private static final double NOISY = 0.1;

    private final Database database;
    private final double others;
    private final long began = System.nanoTime();

    Noise(Database database) {
        this.database = database;
        this.others = others();
    }

    private double others() {
        return Proc.machine()
                - Proc.cpuOfTree(ProcessHandle.current().pid()).total()
                - database.cpu().total();
    }

    @Override
    public String toString() {
        double cores = (others() - others) * 1000 / (System.nanoTime() - began);
        return String.format(
                Locale.ROOT,
                "other work used %.2f of %d cores meanwhile%s",
                cores,
                Runtime.getRuntime().availableProcessors(),
                cores > NOISY ? ": a NOISY run" : "");
    }
}
