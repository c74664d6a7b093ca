package dev.everafter.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What every command has. Set by picocli before the command runs, then constant. */
@Command(mixinStandardHelpOptions = true, versionProvider = Versions.class)
abstract class VerboseOption {
    @Option(names = "--verbose", description = "Log more, and show the stack trace of an error.")
    private boolean verbose;

    boolean verbose() {
        return verbose;
    }
}
