package dev.everafter.cli;

import dev.everafter.core.RawJson;
import dev.everafter.server.TokenFile;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Principal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Makes a token, and the line by which {@code serve --auth tokens} knows it. The token is printed once and kept nowhere.
 *
 * <p>Runs once.
 */
@Command(
        name = "token",
        sortOptions = false,
        description = {
            "Make a token, and the line for the file of `serve --auth tokens`.",
            "",
            "The line holds the token's hash and not the token: that is printed now, and never again.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  everafter token alice",
            "      prints a token and its line",
            "  everafter token alice --file tokens.jsonl > alice.token",
            "      adds the line to a file, so the token alone is printed; then",
            "      everafter serve --auth tokens --tokens-file tokens.jsonl",
            "      everafter tail --token-file alice.token",
            "  everafter token billing --expires 2027-06-30T00:00:00Z --attributes '{\"team\":\"a\"}'",
            "      one that ends, and of whom more is known"
        })
final class TokenCommand extends VerboseOption implements Callable<Integer> {
    @Parameters(paramLabel = "SUBJECT", description = "Whose token it is.")
    private String subject = "";

    @Option(
            names = "--expires",
            paramLabel = "TIME",
            converter = Converters.Time.class,
            description = "When it ends, such as 2027-01-01T00:00:00Z. Without it: never.")
    private @Nullable Instant expires;

    @Option(
            names = "--attributes",
            paramLabel = "JSON",
            converter = Converters.Attributes.class,
            description = "What else is known of the subject, as a JSON object.")
    private @Nullable RawJson attributes;

    @Option(names = "--file", paramLabel = "FILE", description = "Add the line to this file in place of printing it.")
    private @Nullable Path file;

    private final PrintStream out;

    TokenCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() {
        if (subject.isBlank()) {
            throw new CliException(ExitCodes.USAGE, "SUBJECT is empty: whose token is it?", null);
        }
        BearerToken token = BearerToken.random(new SecureRandom());
        String line = TokenFile.line(
                token,
                new Principal(
                        subject,
                        attributes == null ? Map.of() : attributes.parse().asJsonObject(),
                        Optional.ofNullable(expires)));
        if (file == null) {
            out.println("token  " + token.value());
            out.println("line   " + line);
        } else {
            append(file, line);
            out.println(token.value());
        }
        out.flush();
        return ExitCodes.OK;
    }

    private static void append(Path file, String line) {
        try {
            boolean open = Files.exists(file)
                    && Files.size(file) > 0
                    && !Files.readString(file).endsWith("\n");
            Files.writeString(
                    file, (open ? "\n" : "") + line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new CliException("--file " + file + " can't be written to: " + e, e);
        }
    }
}
