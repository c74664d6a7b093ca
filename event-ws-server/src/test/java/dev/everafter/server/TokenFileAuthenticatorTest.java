package dev.everafter.server;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens in a file: what is in it, and what happens when it changes. */
class TokenFileAuthenticatorTest {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Decision REFUSED = Decision.refused("the token is not valid");

    private final AtomicLong nanos = new AtomicLong();
    private final BearerToken alice = BearerToken.random(RANDOM);
    private final BearerToken bob = BearerToken.random(RANDOM);

    private final Path directory;

    TokenFileAuthenticatorTest(@TempDir Path directory) {
        this.directory = directory;
    }

    private Path file() {
        return directory.resolve("tokens.jsonl");
    }

    private static String line(BearerToken token, String subject) {
        return TokenFile.line(token, Principal.of(subject)) + "\n";
    }

    private TokenFileAuthenticator open(String content) throws IOException {
        Files.writeString(file(), content);
        return TokenFileAuthenticator.of(file(), nanos::get);
    }

    private static Decision decide(TokenFileAuthenticator authenticator, BearerToken token) {
        return authenticator.authenticate(token).toCompletableFuture().join();
    }

    private static Decision accepted(String subject) {
        return Decision.accepted(Principal.of(subject));
    }

    private void replace(String content) throws IOException {
        Path other = Files.writeString(directory.resolve("new"), content);
        Files.move(other, file(), ATOMIC_MOVE);
        later();
    }

    private void later() {
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    }

    @Test
    void shouldKnowWhoseATokenIsWhenItsHashIsInTheFile() throws Exception {
        TokenFileAuthenticator tokens = open("# ours\n\n" + line(alice, "alice") + line(bob, "bob"));
        assertEquals(accepted("alice"), decide(tokens, alice));
        assertEquals(accepted("bob"), decide(tokens, bob));
        assertEquals(REFUSED, decide(tokens, BearerToken.random(RANDOM)));
        // The hash is no token.
        assertEquals(REFUSED, decide(tokens, BearerToken.parse(alice.sha256()).orElseThrow()));
        assertFalse(Files.readString(file()).contains(alice.value()));
    }

    @Test
    void shouldGiveBackAllOfThePrincipalWhenTheLineHasMore() throws Exception {
        Principal principal = new Principal(
                "alice", Map.of("admin", JsonValue.TRUE), Optional.of(Instant.parse("2027-01-01T00:00:00Z")));
        assertEquals(Decision.accepted(principal), decide(open(TokenFile.line(alice, principal)), alice));
    }

    @Test
    void shouldFollowTheFileWhenItIsReplaced() throws Exception {
        TokenFileAuthenticator tokens = open(line(alice, "alice"));
        replace(line(bob, "bob"));
        assertEquals(REFUSED, decide(tokens, alice));
        assertEquals(accepted("bob"), decide(tokens, bob));
        replace("# nobody\n");
        assertEquals(REFUSED, decide(tokens, bob));
    }

    @Test
    void shouldKeepTheOldTokensWhenTheFileIsHalfWrittenEmptyOrGone() throws Exception {
        TokenFileAuthenticator tokens = open(line(alice, "alice"));
        String next = line(bob, "bob");
        for (int bytes = 0; bytes < next.length() - 1; bytes++) {
            Files.writeString(file(), next.substring(0, bytes));
            later();
            assertEquals(accepted("alice"), decide(tokens, alice), "after " + bytes + " bytes");
        }
        Files.delete(file());
        later();
        assertEquals(accepted("alice"), decide(tokens, alice));
        Files.writeString(file(), next);
        later();
        assertEquals(REFUSED, decide(tokens, alice));
        assertEquals(accepted("bob"), decide(tokens, bob));
    }

    @Test
    void shouldReadTheFileOnceASecondAtMostWhenManyAreAsked() throws Exception {
        TokenFileAuthenticator tokens = open(line(alice, "alice"));
        Files.writeString(file(), line(bob, "bob"));
        assertEquals(accepted("alice"), decide(tokens, alice));
        later();
        assertEquals(REFUSED, decide(tokens, alice));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "alice",
                "[]",
                "{}",
                "{\"sha256\":\"00\",\"subject\":\"alice\"}",
                "{\"token\":\"s3cret\",\"subject\":\"alice\"}",
                "{\"sha256\":\"s3cret\",\"subject\":\"alice\"}",
                "{\"sha256\":\"HASH\"}",
                "{\"sha256\":\"HASH\",\"subject\":\"\"}",
                "{\"sha256\":\"HASH\",\"subject\":1}",
                "{\"sha256\":\"HASH\",\"subject\":\"a\",\"expires\":\"soon\"}",
                "{\"sha256\":\"HASH\",\"subject\":\"a\",\"expires\":null}",
                "{\"sha256\":\"HASH\",\"subject\":\"a\",\"attributes\":[]}",
                "{\"sha256\":\"HASH\",\"subject\":\"a\"}\n{\"sha256\":\"HASH\",\"subject\":\"b\"}",
                "{\"sha256\":\"HASH\",\"subject\":\"a\"} s3cret"
            })
    void shouldSayWhatIsWrongAndNotRepeatItWhenTheFileIsBroken(String content) {
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> open(content.replace("HASH", alice.sha256())));
        assertTrue(error.toString().contains(file().toString()), error::toString);
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            assertFalse(cause.toString().contains("s3cret"), cause::toString);
        }
    }

    @Test
    void shouldMakeTokensThatNobodyCanGuess() {
        assertTrue(alice.value().matches("ea_[A-Za-z0-9_-]{43}"), "the form of a token");
        assertNotEquals(alice, bob);
        assertEquals("(hidden)", alice.toString());
    }
}
