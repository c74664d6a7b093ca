package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which JSON Web Tokens are accepted, with an issuer on this machine whose keys can be counted on. */
class JwtAuthenticatorTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final String ISSUER = "https://issuer.example";
    private static final RSAKey RSA = rsa("rsa-1");
    private static final RSAKey OTHER = rsa("rsa-2");

    private final HttpServer issuer;
    private final AtomicInteger requests = new AtomicInteger();
    private volatile Optional<String> published = Optional.of(published(RSA));

    JwtAuthenticatorTest() throws IOException {
        issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    }

    @BeforeEach
    void start() {
        issuer.createContext("/", exchange -> {
            requests.incrementAndGet();
            byte[] body = published.orElse("away").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(published.isPresent() ? 200 : 503, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        issuer.start();
    }

    @AfterEach
    void stop() {
        issuer.stop(0);
    }

    private static RSAKey rsa(String id) {
        try {
            return new RSAKeyGenerator(2048).keyID(id).generate();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String published(JWK... keys) {
        return new JWKSet(Arrays.asList(keys)).toString(true);
    }

    private JwtAuthenticator.Builder builder() {
        return JwtAuthenticator.builder()
                .keys(URI.create("http://127.0.0.1:" + issuer.getAddress().getPort() + "/keys"))
                .issuer(ISSUER)
                .audience("everafter")
                .clock(() -> NOW);
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(List.of("other", "everafter"))
                .subject("alice")
                .claim("topics", List.of("public.orders"))
                .expirationTime(Date.from(NOW.plusSeconds(300)));
    }

    private static String signed(JWSAlgorithm algorithm, String key, JWSSigner signer, JWTClaimsSet claims)
            throws JOSEException {
        SignedJWT jwt =
                new SignedJWT(new JWSHeader.Builder(algorithm).keyID(key).build(), claims);
        jwt.sign(signer);
        return jwt.serialize();
    }

    private static String signed(RSAKey key, UnaryOperator<JWTClaimsSet.Builder> claims) throws JOSEException {
        return signed(
                JWSAlgorithm.RS256,
                key.getKeyID(),
                new RSASSASigner(key),
                claims.apply(claims()).build());
    }

    private static Decision decide(JwtAuthenticator authenticator, String token) {
        return authenticator
                .authenticate(BearerToken.parse(token).orElseThrow())
                .toCompletableFuture()
                .join();
    }

    private static Principal accepted(JwtAuthenticator authenticator, String token) {
        return assertInstanceOf(Decision.Accepted.class, decide(authenticator, token))
                .principal();
    }

    private static void assertRefused(JwtAuthenticator authenticator, String token) {
        assertEquals(Decision.refused("the token is not valid"), decide(authenticator, token));
    }

    @Test
    void shouldNameSubjectClaimsAndExpiryWhenTheTokenIsGood() throws Exception {
        Principal principal = accepted(builder().build(), signed(RSA, claims -> claims));
        assertEquals("alice", principal.subject());
        assertEquals(
                "[\"public.orders\"]", String.valueOf(principal.attributes().get("topics")));
        assertEquals(Optional.of(NOW.plusSeconds(360)), principal.expiresAt());
    }

    @Test
    void shouldAcceptAnAccessTokenAndAnEllipticKeyWhenTheIssuerUsesThem() throws Exception {
        ECKey key = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
        published = Optional.of(published(RSA, key));
        SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .keyID("ec")
                        .type(new JOSEObjectType("at+jwt"))
                        .build(),
                claims().build());
        jwt.sign(new ECDSASigner(key));
        assertEquals("alice", accepted(builder().build(), jwt.serialize()).subject());
    }

    @Test
    void shouldRefuseWhenNothingSignsTheToken() {
        assertRefused(builder().build(), new PlainJWT(claims().build()).serialize());
    }

    @Test
    void shouldRefuseWhenThePublicKeyIsUsedAsASecret() throws Exception {
        JwtAuthenticator authenticator = builder().build();
        List<byte[]> secrets = List.of(
                RSA.toRSAPublicKey().getEncoded(),
                RSA.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8),
                RSA.getModulus().decode());
        for (byte[] secret : secrets) {
            assertRefused(authenticator, signed(JWSAlgorithm.HS256, "rsa-1", new MACSigner(secret), claims().build()));
        }
    }

    @Test
    void shouldRefuseWhenTheKeySetHoldsASecretAndTheTokenIsSignedByIt() throws Exception {
        byte[] secret = new byte[32];
        published = Optional.of("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"shared\",\"alg\":\"HS256\",\"k\":\""
                + com.nimbusds.jose.util.Base64URL.encode(secret) + "\"}]}");
        assertRefused(builder().build(), signed(JWSAlgorithm.HS256, "shared", new MACSigner(secret), claims().build()));
    }

    @Test
    void shouldRefuseWhenAnotherKeySignsUnderAKnownName() throws Exception {
        String forged = signed(JWSAlgorithm.RS256, "rsa-1", new RSASSASigner(OTHER), claims().build());
        assertRefused(builder().build(), forged);
    }

    @Test
    void shouldRefuseWhenTheClaimsWereChanged() throws Exception {
        String[] good = signed(RSA, claims -> claims).split("\\.", -1);
        String[] other = signed(RSA, claims -> claims.subject("bob")).split("\\.", -1);
        assertRefused(builder().build(), good[0] + "." + other[1] + "." + good[2]);
    }

    @Test
    void shouldRefuseWhenAnAlgorithmIsNotAllowed() throws Exception {
        assertRefused(builder().algorithms(Set.of("ES256")).build(), signed(RSA, claims -> claims));
        assertThrows(IllegalArgumentException.class, () -> builder().algorithms(Set.of("HS256")));
        assertThrows(IllegalArgumentException.class, () -> builder().algorithms(Set.of("none")));
    }

    @Test
    void shouldRefuseWhenAClaimIsWrongOrMissing() throws Exception {
        JwtAuthenticator authenticator = builder().build();
        List<UnaryOperator<JWTClaimsSet.Builder>> flaws = List.of(
                claims -> claims.issuer("https://evil.example"),
                claims -> claims.issuer(null),
                claims -> claims.audience("another"),
                claims -> claims.audience((String) null),
                claims -> claims.subject(null),
                claims -> claims.subject(""),
                claims -> claims.expirationTime(null),
                claims -> claims.expirationTime(Date.from(NOW.minusSeconds(61))),
                claims -> claims.notBeforeTime(Date.from(NOW.plusSeconds(61))));
        for (UnaryOperator<JWTClaimsSet.Builder> flaw : flaws) {
            assertRefused(authenticator, signed(RSA, flaw));
        }
    }

    @Test
    void shouldAcceptWhenTheClocksDifferWithinTheSkew() throws Exception {
        JwtAuthenticator authenticator = builder().build();
        Principal late =
                accepted(authenticator, signed(RSA, claims -> claims.expirationTime(Date.from(NOW.minusSeconds(59)))));
        assertTrue(late.holdsAt(NOW));
        accepted(authenticator, signed(RSA, claims -> claims.notBeforeTime(Date.from(NOW.plusSeconds(59)))));
        JwtAuthenticator strict = builder().clockSkew(Duration.ZERO).build();
        assertRefused(strict, signed(RSA, claims -> claims.expirationTime(Date.from(NOW.minusSeconds(1)))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "a.b.c", "....", "eyJhbGciOiJub25lIn0.e30.", "e30.e30.e30"})
    void shouldRefuseWhenItIsNoToken(String text) {
        assertRefused(builder().build(), text);
    }

    @Test
    void shouldReadTheKeysAgainWhenAnIssuerRotatesThem() throws Exception {
        JwtAuthenticator authenticator = builder().build();
        accepted(authenticator, signed(RSA, claims -> claims));
        published = Optional.of(published(OTHER));
        accepted(authenticator, signed(OTHER, claims -> claims));
        assertEquals(2, requests.get());
    }

    @Test
    void shouldAskTheIssuerTwiceAtMostWhenAThousandUnknownKeysAreNamed() throws Exception {
        JwtAuthenticator authenticator = builder().build();
        accepted(authenticator, signed(RSA, claims -> claims));
        RSASSASigner signer = new RSASSASigner(OTHER);
        for (int i = 0; i < 1000; i++) {
            Decision decision =
                    decide(authenticator, signed(JWSAlgorithm.RS256, "unknown-" + i, signer, claims().build()));
            assertTrue(!(decision instanceof Decision.Accepted), decision::toString);
        }
        // Two in each 30 seconds, and a run on a busy machine may take some of those.
        assertTrue(requests.get() <= 20, () -> requests.get() + " requests");
        accepted(authenticator, signed(RSA, claims -> claims));
    }

    @Test
    void shouldNotBlameTheTokenWhenTheIssuerIsAway() throws Exception {
        published = Optional.empty();
        assertInstanceOf(Decision.Unavailable.class, decide(builder().build(), signed(RSA, claims -> claims)));
    }

    @Test
    void shouldReadTheKeysFromAFileWhenOneIsNamed(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("keys.json");
        JwtAuthenticator authenticator = builder().keys(file).build();
        assertInstanceOf(Decision.Unavailable.class, decide(authenticator, signed(RSA, claims -> claims)));
        Files.writeString(file, published(RSA));
        accepted(authenticator, signed(RSA, claims -> claims));
        assertEquals(0, requests.get());
    }

    @Test
    void shouldRefuseKeysWhenAnybodyOnTheWayCouldChangeThem() {
        assertThrows(IllegalArgumentException.class, () -> builder().keys(URI.create("http://issuer.example/keys")));
        assertThrows(IllegalArgumentException.class, () -> builder().keys(URI.create("file:///keys")));
    }
}
