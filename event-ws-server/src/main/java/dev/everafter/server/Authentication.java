package dev.everafter.server;

import dev.everafter.server.spi.Authenticator;
import java.time.Duration;
import java.util.Objects;

/**
 * How an endpoint learns who its clients are. Until a client is known it is sent nothing; once its token has expired it
 * is sent nothing more.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param authenticator says whose a token is
 * @param deadline how long a connection may stay without having shown a token (close code 4408)
 * @param patience how long the authenticator may take to say it
 * @param tokenInQuery whether a token may come as the query parameter {@code access_token}, where proxies and logs see it
 */
public record Authentication(Authenticator authenticator, Duration deadline, Duration patience, boolean tokenInQuery) {
    /** @throws IllegalArgumentException if a duration is below 10 ms */
    public Authentication {
        Objects.requireNonNull(authenticator, "authenticator");
        EndpointOptions.atLeast10ms(deadline, "deadline");
        EndpointOptions.atLeast10ms(patience, "patience");
    }

    /** By {@code authenticator}: 10 s to show a token, 5 s to say whose it is, no token in a query. */
    public static Authentication by(Authenticator authenticator) {
        return new Authentication(authenticator, Duration.ofSeconds(10), Duration.ofSeconds(5), false);
    }

    /** The same with another time to show a token, at least 10 ms. */
    public Authentication withDeadline(Duration time) {
        return new Authentication(authenticator, time, patience, tokenInQuery);
    }

    /** The same with another time for the authenticator, at least 10 ms. */
    public Authentication withPatience(Duration time) {
        return new Authentication(authenticator, deadline, time, tokenInQuery);
    }

    /** The same with or without tokens in queries. */
    public Authentication withTokenInQuery(boolean allowed) {
        return new Authentication(authenticator, deadline, patience, allowed);
    }
}
