package dev.everafter.cli;

import dev.everafter.server.RenderingsFile;
import dev.everafter.server.RulesPolicy;
import dev.everafter.server.SqlAccessPolicy;
import dev.everafter.server.spi.AccessPolicy;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Renderer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * What {@code serve} shows to those who are known: everything, or what one of these options says.
 *
 * <p>Filled by picocli, once.
 */
final class AccessOptions {
    private static final int SHORTEST_ADMIN_TOKEN = 32;

    @Option(
            names = "--access-rules",
            paramLabel = "FILE",
            description =
                    "What each may see: rules in a JSON file, see docs/access.md. Read again when it changes. Without"
                            + " this option and --access-query, whoever is known sees everything.")
    private @Nullable Path rules;

    @Option(
            names = "--access-query",
            paramLabel = "SQL",
            description = "What each may see: a query on --database that gives filters, for the subject in :subject, or"
                    + " for what else is known in :attributes (a JSON object).")
    private @Nullable String query;

    @Option(
            names = "--admin-token-file",
            paramLabel = "FILE",
            description = "Let who shows the token in this file say that permissions have changed, by POST"
                    + " /admin/revoke?subject=NAME. At least 32 characters, as of `openssl rand -hex 32`.")
    private @Nullable Path adminTokenFile;

    /** The admin's token, if there is to be one. */
    Optional<BearerToken> adminToken() {
        if (adminTokenFile == null) {
            return Optional.empty();
        }
        try {
            Optional<BearerToken> token =
                    BearerToken.parse(Files.readString(adminTokenFile).strip());
            if (token.isEmpty() || token.get().value().length() < SHORTEST_ADMIN_TOKEN) {
                throw new CliException(
                        ExitCodes.USAGE,
                        "--admin-token-file " + adminTokenFile + ": expected one token of at least "
                                + SHORTEST_ADMIN_TOKEN + " characters, as `openssl rand -hex 32` makes them",
                        null);
            }
            return token;
        } catch (IOException e) {
            throw new CliException(ExitCodes.USAGE, "--admin-token-file can't be read: " + e, e);
        }
    }

    @Option(
            names = "--renderings",
            paramLabel = "FILE",
            description =
                    "What clients see of each topic, by name of rendering, in a JSON file: listed columns, or what a"
                            + " function in --database makes of data; see docs/rendering.md. Without it they see all that is"
                            + " captured.")
    private @Nullable Path renderings;

    /**
     * How clients may see events, by name.
     *
     * @param database makes connections with the given name, where functions are to be called
     */
    Map<String, Renderer> renderers(Function<String, DataSource> database) {
        try {
            return renderingsFile()
                    .map(file -> file.renderers(() -> database.apply("everafter rendering")))
                    .orElse(Map.of());
        } catch (IllegalArgumentException e) {
            throw new CliException(ExitCodes.USAGE, "--renderings " + renderings + ": " + e.getMessage(), e);
        } catch (IllegalStateException e) {
            throw new CliException("--renderings " + renderings + ": " + e.getMessage(), e);
        }
    }

    private Optional<RenderingsFile> renderingsFile() {
        try {
            return Optional.ofNullable(renderings).map(RenderingsFile::read);
        } catch (IllegalArgumentException e) {
            throw new CliException(ExitCodes.USAGE, "--renderings: " + e.getMessage(), e);
        }
    }

    /**
     * What the options describe.
     *
     * @param database makes connections with the given name, where a query is to be asked
     */
    Optional<AccessPolicy> policy(Function<String, DataSource> database) {
        try {
            if (rules != null) {
                return Optional.of(RulesPolicy.of(rules));
            }
            return query == null
                    ? Optional.empty()
                    : Optional.of(SqlAccessPolicy.of(database.apply("everafter access"), query));
        } catch (IllegalArgumentException e) {
            throw new CliException(ExitCodes.USAGE, given() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Refuses what makes no sense, before anything is started.
     *
     * @param asks whether clients are asked who they are
     */
    void check(boolean asks) {
        if (rules != null && query != null) {
            throw new CliException(ExitCodes.USAGE, "--access-rules and --access-query: choose one of them", null);
        }
        if ((rules != null || query != null) && !asks) {
            throw new CliException(
                    ExitCodes.USAGE, given() + " needs an --auth that says who each is, and this is --auth none", null);
        }
        Optional<BearerToken> unused = adminToken();
        Optional<RenderingsFile> unusedFile = renderingsFile();
        if (rules != null) {
            policy(name -> {
                throw new IllegalStateException("rules ask no database");
            });
        }
    }

    private String given() {
        return rules == null ? "--access-query" : "--access-rules";
    }
}
