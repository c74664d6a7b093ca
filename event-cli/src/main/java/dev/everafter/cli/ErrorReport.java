package dev.everafter.cli;

import dev.everafter.client.EventClientException;
import dev.everafter.core.EventLogException;
import dev.everafter.server.standalone.EventServerException;
import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Tells a person what went wrong, in one line; the stack trace comes with {@code --verbose} only. Stateless. */
final class ErrorReport implements IExecutionExceptionHandler, IParameterExceptionHandler {
    @Override
    public int handleExecutionException(Exception error, CommandLine command, ParseResult arguments) {
        PrintWriter err = command.getErr();
        err.println(name(command) + ": " + oneLine(error));
        if (command.getCommand() instanceof VerboseOption verbose && verbose.verbose()) {
            StringWriter trace = new StringWriter();
            error.printStackTrace(new PrintWriter(trace));
            err.print(trace);
        }
        err.flush();
        return error instanceof CliException known ? known.exitCode() : ExitCodes.FAILURE;
    }

    @Override
    public int handleParseException(ParameterException error, String[] arguments) {
        CommandLine command = error.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(name(command) + ": " + oneLine(error) + " (see `" + name(command) + " --help`)");
        err.flush();
        return ExitCodes.USAGE;
    }

    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName(" ");
    }

    private static String oneLine(Exception error) {
        String message = error.getMessage();
        String text = message == null || message.isBlank() ? error.toString() : message;
        // What isn't expected keeps its kind: "3" alone helps nobody.
        return masked(isWrittenForPeople(error) ? text : error.getClass().getSimpleName() + ": " + text)
                // PostgreSQL's own call stack
                .replaceAll("(?m)^\\s*(Where: |PL/pgSQL function |SQL statement ).*$", "")
                .replaceAll("\\s*\\R\\s*", " ");
    }

    private static boolean isWrittenForPeople(Exception error) {
        return error instanceof CliException
                || error instanceof ParameterException
                || error instanceof EventLogException
                || error instanceof EventServerException
                || error instanceof EventClientException;
    }

    /** A mistyped option is repeated with what followed it, which may have been a URL with a password. */
    private static String masked(String text) {
        return text.replaceAll("(?i)(password=)[^&'\\s]*", "$1***").replaceAll("//[^/@\\s]*:[^/@\\s]*@", "//***@");
    }
}
