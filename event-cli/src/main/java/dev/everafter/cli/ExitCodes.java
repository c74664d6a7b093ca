package dev.everafter.cli;

/** What the process tells its caller. After Ctrl-C it is 130, and after a SIGTERM 143, as shells expect. */
final class ExitCodes {
    /** All went well; for {@code tail} also where its output was closed. */
    static final int OK = 0;
    /** Something failed while running. */
    static final int FAILURE = 1;
    /** The arguments were wrong; nothing was done. */
    static final int USAGE = 2;
    /** {@code tail}: events are missing, and {@code --on-gap} says to stop there. */
    static final int GAP = 3;

    private ExitCodes() {}
}
