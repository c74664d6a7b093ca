package dev.everafter.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The launcher: reads the arguments, runs one command, and ends the process with its exit code.
 *
 * <p>Whatever goes wrong is one line on stderr that names the thing, its value and the way out. Stdout carries what was
 * asked for and nothing else.
 *
 * <p>Meant for a process of its own: logging and the shutdown hook are the process's.
 */
@Command(
        name = "everafter",
        mixinStandardHelpOptions = true,
        versionProvider = Versions.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Every event after X: once, in order.",
        footer = {
            "",
            "Try it out, with a database of its own and a table that changes:",
            "  everafter serve --demo",
            "and in a second terminal:",
            "  everafter tail",
            "",
            "Follow a database you have:",
            "  everafter capture --database jdbc:postgresql://localhost/shop public.orders",
            "  everafter serve --database jdbc:postgresql://localhost/shop",
            "",
            "Each command has a --help of its own."
        })
public final class Everafter {
    private Everafter() {}

    /** Runs the command that {@code arguments} name, and exits, whatever threads libraries may have left. */
    public static void main(String[] arguments) {
        System.exit(run(System.out, System.err, arguments));
    }

    /** Runs a command with the given places for its output, and returns its exit code. */
    static int run(PrintStream out, PrintStream err, String... arguments) {
        return new CommandLine(new Everafter())
                .addSubcommand(new ServeCommand(out))
                .addSubcommand(new CaptureCommand(out))
                .addSubcommand(new DoctorCommand(out))
                .addSubcommand(new TailCommand(out))
                .addSubcommand(new TokenCommand(out))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(err, true, StandardCharsets.UTF_8))
                .setExecutionExceptionHandler(new ErrorReport())
                .setParameterExceptionHandler(new ErrorReport())
                .setUsageHelpWidth(100)
                .execute(arguments);
    }
}
