package dev.everafter.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Stub. */
@Command(name = "tail")
final class TailCommand extends VerboseOption implements Callable<Integer> {
    @Override
    public Integer call() {
        Logging.start(Logging.Format.text, verbose());
        return ExitCodes.OK;
    }
}
