package dev.everafter.core;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/** Lincheck's model checking, with the patience that a busy machine needs. */
final class ModelChecking {
    private static final long PATIENCE_MILLIS = 120_000;

    private ModelChecking() {}

    /**
     * Options under which one run of the operations may take two minutes. After Lincheck's own ten seconds it is taken for
     * hung, which it is not if another process has the processor, or classes are instrumented meanwhile.
     */
    static ModelCheckingOptions options() {
        // Internal to Lincheck by its name, and the only way.
        return new ModelCheckingOptions().invocationTimeout$lincheck(PATIENCE_MILLIS);
    }
}
