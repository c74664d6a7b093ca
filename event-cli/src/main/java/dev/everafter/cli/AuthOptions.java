package dev.everafter.cli;

import dev.everafter.server.Authentication;
import dev.everafter.server.JwtAuthenticator;
import dev.everafter.server.SqlAuthenticator;
import dev.everafter.server.TokenFileAuthenticator;
import dev.everafter.server.spi.Authenticator;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * How {@code serve} learns who its clients are: one option says by what, and those that begin with its name say the rest.
 * An option of another kind is a mistake, never ignored.
 *
 * <p>Filled by picocli, once.
 */
final class AuthOptions {
    /** By what clients become known. */
    enum Kind {
        /** Nobody is asked. */
        none,
        /** By a file of tokens' hashes. */
        tokens,
        /** By JSON Web Tokens. */
        jwt,
        /** By a query. */
        sql
    }

    @Option(
            names = "--auth",
            paramLabel = "HOW",
            defaultValue = "none",
            description = "Who may connect: none (default), whoever reaches the server, so it listens on loopback only;"
                    + " tokens, those of a file; jwt, JSON Web Tokens of one issuer; sql, whom a query knows.")
    private Kind kind = Kind.none;

    @Option(
            names = "--tokens-file",
            paramLabel = "FILE",
            description = "For --auth tokens: one line for each token, as `everafter token` prints it. Read again when"
                    + " it changes.")
    private @Nullable Path tokensFile;

    @Option(
            names = "--jwt-keys",
            paramLabel = "URL|FILE",
            description = "For --auth jwt: the issuer's JWK set, at an https URL or in a file.")
    private @Nullable String jwtKeys;

    @Option(names = "--jwt-issuer", paramLabel = "ISSUER", description = "For --auth jwt: what \"iss\" must be.")
    private @Nullable String jwtIssuer;

    @Option(
            names = "--jwt-audience",
            paramLabel = "AUDIENCE",
            description = "For --auth jwt: what must be in \"aud\"; it stands for this server.")
    private @Nullable String jwtAudience;

    @Option(
            names = "--jwt-skew",
            paramLabel = "SECONDS",
            description = "For --auth jwt: how wrong the issuer's clock may be; 60 if not given.")
    private @Nullable Integer jwtSkew;

    @Option(
            names = "--jwt-algorithms",
            paramLabel = "NAME",
            split = ",",
            description = "For --auth jwt: the algorithms to allow; all with RSA and EC keys if not given.")
    private @Nullable Set<String> jwtAlgorithms;

    @Option(
            names = "--sql-query",
            paramLabel = "SQL",
            description =
                    "For --auth sql: a query on --database that gives the columns subject and, where wanted, expires"
                            + " and attributes, for the token in :token, or for its hash in :sha256 (hexadecimal).")
    private @Nullable String sqlQuery;

    @Option(
            names = "--sql-remember",
            paramLabel = "SECONDS",
            description = "For --auth sql: how long an answer is remembered; 5 if not given. A token that is taken back"
                    + " is accepted for that long.")
    private @Nullable Integer sqlRemember;

    @Option(
            names = "--token-in-url",
            description =
                    "Take tokens also from the address (?access_token=...), where proxies and their logs see them.")
    private boolean tokenInUrl;

    /**
     * What the options describe.
     *
     * @param database makes connections with the given name, where a query is to be asked
     */
    Optional<Authentication> authentication(Function<String, DataSource> database) {
        Optional<Authenticator> authenticator;
        try {
            authenticator = switch (kind) {
                case none -> Optional.empty();
                case tokens -> Optional.of(TokenFileAuthenticator.of(needed("--tokens-file", tokensFile)));
                case jwt -> Optional.of(jwt());
                case sql ->
                    Optional.of(SqlAuthenticator.of(
                            database.apply("everafter auth"),
                            needed("--sql-query", sqlQuery),
                            Duration.ofSeconds(sqlRemember == null ? 5 : sqlRemember)));
            };
        } catch (IllegalArgumentException e) {
            throw new CliException(ExitCodes.USAGE, "--auth " + kind + ": " + e.getMessage(), e);
        }
        return authenticator.map(by -> Authentication.by(by).withTokenInQuery(tokenInUrl));
    }

    private Authenticator jwt() {
        JwtAuthenticator.Builder jwt = JwtAuthenticator.builder()
                .issuer(needed("--jwt-issuer", jwtIssuer))
                .audience(needed("--jwt-audience", jwtAudience));
        String keys = needed("--jwt-keys", jwtKeys);
        if (keys.contains("://")) {
            jwt.keys(URI.create(keys));
        } else {
            jwt.keys(Path.of(keys));
        }
        if (jwtSkew != null) {
            jwt.clockSkew(Duration.ofSeconds(jwtSkew));
        }
        if (jwtAlgorithms != null) {
            jwt.algorithms(jwtAlgorithms);
        }
        return jwt.build();
    }

    private <T> T needed(String option, @Nullable T value) {
        if (value == null) {
            throw new CliException(ExitCodes.USAGE, "--auth " + kind + " needs " + option, null);
        }
        return value;
    }

    /** Whether clients are asked who they are. */
    boolean asks() {
        return kind != Kind.none;
    }

    /** Refuses what makes no sense, before anything is started. */
    void check() {
        Map<String, Boolean> given = new LinkedHashMap<>();
        given.put("--tokens-file", tokensFile != null);
        given.put("--jwt-keys", jwtKeys != null);
        given.put("--jwt-issuer", jwtIssuer != null);
        given.put("--jwt-audience", jwtAudience != null);
        given.put("--jwt-skew", jwtSkew != null);
        given.put("--jwt-algorithms", jwtAlgorithms != null);
        given.put("--sql-query", sqlQuery != null);
        given.put("--sql-remember", sqlRemember != null);
        given.forEach((option, isGiven) -> {
            if (isGiven && !option.startsWith("--" + kind + "-")) {
                String other = option.substring(2, option.indexOf('-', 2));
                throw new CliException(
                        ExitCodes.USAGE, option + " is for --auth " + other + ", and this is --auth " + kind, null);
            }
        });
        switch (kind) {
            case none -> {}
            case tokens -> needed("--tokens-file", tokensFile);
            case jwt -> {
                needed("--jwt-keys", jwtKeys);
                needed("--jwt-issuer", jwtIssuer);
                needed("--jwt-audience", jwtAudience);
            }
            case sql -> needed("--sql-query", sqlQuery);
        }
        if (tokenInUrl && kind == Kind.none) {
            throw new CliException(ExitCodes.USAGE, "--token-in-url: --auth none asks for no token", null);
        }
    }
}
