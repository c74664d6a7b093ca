package dev.everafter.server;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.everafter.server.spi.Authenticator;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.net.URI;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Accepts JSON Web Tokens (RFC 7519) that an issuer has signed for this server: with one of the issuer's own keys, by an
 * asymmetric algorithm from a fixed list, whatever the token's header says (RFC 8725, section 3.1). Issuer, audience,
 * subject and expiry must be there and right. The principal is the subject, its attributes are all claims, and it expires
 * when the token does, the allowed skew included.
 *
 * <p>Keys come from the issuer's JWK set. It is read when it is first needed, again after 5 minutes, and, for a key that
 * isn't known, at once: but at most twice in 30 seconds, however many unknown keys are named. While it can't be read, the
 * keys that were known hold for another hour.
 *
 * <p>Needs {@code com.nimbusds:nimbus-jose-jwt}. Safe for use by any thread; blocks while it reads keys.
 */
public final class JwtAuthenticator implements Authenticator {
    private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);
    private static final JsonProvider JSON = JsonProvider.provider();

    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    private final Duration skew;

    private JwtAuthenticator(Builder builder, JWKSource<SecurityContext> keys, String issuer, String audience) {
        this.skew = builder.skew;
        InstantSource clock = builder.clock;
        DefaultJWTClaimsVerifier<SecurityContext> claims =
                new DefaultJWTClaimsVerifier<>(
                        audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("sub", "exp")) {
                    @Override
                    protected Date currentTime() {
                        return Date.from(clock.instant());
                    }
                };
        claims.setMaxClockSkew((int) skew.toSeconds());
        processor.setJWTClaimsSetVerifier(claims);
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(builder.algorithms, keys));
        // With the type of RFC 9068, which an access token may have.
        processor.setJWSTypeVerifier(
                new DefaultJOSEObjectTypeVerifier<>(Set.of(
                        JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt"))) {
                    @Override
                    public void verify(@Nullable JOSEObjectType type, @Nullable SecurityContext context)
                            throws BadJOSEException {
                        if (type != null) {
                            super.verify(type, context);
                        }
                    }
                });
    }

    /** Starts describing one. */
    public static Builder builder() {
        return new Builder();
    }

    /** The names of the algorithms that can be allowed. */
    public static Set<String> supportedAlgorithms() {
        Set<String> names = new TreeSet<>();
        ALGORITHMS.forEach(algorithm -> names.add(algorithm.getName()));
        return names;
    }

    @Override
    public CompletionStage<Decision> authenticate(BearerToken token) {
        return CompletableFuture.completedFuture(decide(token));
    }

    private Decision decide(BearerToken token) {
        try {
            return accept(processor.process(token.value(), null));
        } catch (ParseException | BadJOSEException e) {
            return Decision.refused("the token is not valid");
        } catch (JOSEException e) {
            return Decision.unavailable("the issuer's keys can't be read now: try again later");
        }
    }

    private Decision accept(JWTClaimsSet claims) {
        Date expiry = claims.getExpirationTime();
        String subject = claims.getSubject();
        if (subject == null || subject.isEmpty() || expiry == null) {
            return Decision.refused("the token is not valid");
        }
        Instant expiresAt = expiry.toInstant().plus(skew);
        return Decision.accepted(new Principal(subject, attributes(claims), Optional.of(expiresAt)));
    }

    private static Map<String, JsonValue> attributes(JWTClaimsSet claims) {
        return JSON.createReader(new StringReader(claims.toString())).readObject();
    }

    /**
     * Describes a {@link JwtAuthenticator}: keys, issuer and audience are needed. By default the clock may be wrong by 60
     * s, and all algorithms with RSA and EC keys are allowed. Not safe for use by several threads.
     */
    public static final class Builder {
        private Optional<JWKSource<SecurityContext>> keys = Optional.empty();
        private Optional<String> issuer = Optional.empty();
        private Optional<String> audience = Optional.empty();
        private Duration skew = Duration.ofSeconds(60);
        private Set<JWSAlgorithm> algorithms = ALGORITHMS;
        private InstantSource clock = InstantSource.system();

        private Builder() {}

        /**
         * Where the issuer publishes its JWK set.
         *
         * @throws IllegalArgumentException unless it is {@code https:}, or {@code http:} on this machine: whoever can
         *     change the answer could sign any token
         */
        public Builder keys(URI url) {
            this.keys = Optional.of(JwkSets.at(url));
            return this;
        }

        /** A file with the issuer's JWK set. */
        public Builder keys(Path file) {
            this.keys = Optional.of(JwkSets.in(file));
            return this;
        }

        /** What the claim {@code iss} must be. */
        public Builder issuer(String issuer) {
            this.issuer = Optional.of(issuer);
            return this;
        }

        /** What must be in the claim {@code aud}: without it tokens for other servers of the issuer would do. */
        public Builder audience(String audience) {
            this.audience = Optional.of(audience);
            return this;
        }

        /** How wrong the issuer's clock may be, 0 to 10 minutes; 60 s by default. */
        public Builder clockSkew(Duration skew) {
            if (skew.isNegative() || skew.compareTo(Duration.ofMinutes(10)) > 0) {
                throw new IllegalArgumentException("clockSkew " + skew + " is not in 0..10 minutes");
            }
            this.skew = skew;
            return this;
        }

        /** The algorithms to allow, some of {@link #supportedAlgorithms()}; all of them by default. */
        public Builder algorithms(Set<String> names) {
            if (names.isEmpty() || !supportedAlgorithms().containsAll(names)) {
                throw new IllegalArgumentException(
                        "algorithms " + names + ": expected some of " + supportedAlgorithms());
            }
            this.algorithms = Set.copyOf(names.stream().map(JWSAlgorithm::parse).toList());
            return this;
        }

        /** Tells the time by which tokens expire; the system's by default. */
        public Builder clock(InstantSource clock) {
            this.clock = clock;
            return this;
        }

        /** @throws IllegalStateException if keys, issuer or audience are missing */
        public JwtAuthenticator build() {
            return new JwtAuthenticator(
                    this,
                    keys.orElseThrow(() -> missing("keys")),
                    needed(issuer, "issuer"),
                    needed(audience, "audience"));
        }

        private static String needed(Optional<String> value, String name) {
            return value.filter(text -> !text.isEmpty()).orElseThrow(() -> missing(name));
        }

        private static IllegalStateException missing(String name) {
            return new IllegalStateException("a JwtAuthenticator needs " + name);
        }
    }
}
