package dev.everafter.core;

/** What a listener is told of something that was thrown where it must stop nobody else. */
final class Failures {
    private Failures() {}

    /** {@code thrown} itself where a listener takes it, else with it as the cause. */
    static RuntimeException of(Throwable thrown) {
        return thrown instanceof RuntimeException known ? known : new IllegalStateException(thrown);
    }
}
