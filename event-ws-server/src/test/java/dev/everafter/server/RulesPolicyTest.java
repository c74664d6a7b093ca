package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterText;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonObject;
import jakarta.json.spi.JsonProvider;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules in a file: who sees what, and what stands wrong in it. */
class RulesPolicyTest {
    private final AtomicLong nanos = new AtomicLong();

    private final Path dir;

    RulesPolicyTest(@TempDir Path dir) {
        this.dir = dir;
    }

    private Path write(String json) throws IOException {
        return Files.writeString(dir.resolve("rules.json"), json.replace('`', '"'));
    }

    private RulesPolicy policy(String json) throws IOException {
        return RulesPolicy.of(write(json), nanos::get);
    }

    private static Principal principal(String subject, String attributes) {
        JsonObject json = JsonProvider.provider()
                .createReader(new StringReader(attributes.replace('`', '"')))
                .readObject();
        return new Principal(subject, json, Optional.empty());
    }

    private static Filter visibility(RulesPolicy policy, Principal principal) {
        return policy.visibility(principal).toCompletableFuture().join().canonical();
    }

    private static void assertSees(String expected, RulesPolicy policy, Principal principal) {
        assertEquals(FilterText.parse(expected).canonical(), visibility(policy, principal));
    }

    @Test
    void shouldShowWhatAnyMatchingRuleShows() throws IOException {
        RulesPolicy policy = policy("""
                {`rules`: [
                  {`note`: `everybody`, `sees`: `topic = 'orders' and data.owner = ${sub}`},
                  {`when`: {`role`: [`clerk`, `boss`]}, `sees`: `topic in ${topics}`},
                  {`when`: {`role`: `admin`, `level`: 3}, `sees`: `true`}
                ]}""");
        assertSees("topic = 'orders' and data.owner = 'bob'", policy, principal("bob", "{}"));
        assertSees(
                "(topic = 'orders' and data.owner = 'bob') or topic in ('a', 'b')",
                policy,
                principal("bob", "{`role`:`clerk`,`topics`:[`a`,`b`]}"));
        assertSees(
                "(topic = 'orders' and data.owner = 'bob') or topic in ('a')",
                policy,
                principal("bob", "{`role`:[`x`,`boss`],`topics`:[`a`]}"));
        assertSees("true", policy, principal("bob", "{`role`:`admin`,`level`:3.0}"));
        assertSees("topic = 'orders' and data.owner = 'bob'", policy, principal("bob", "{`role`:`admin`,`level`:`3`}"));
    }

    @Test
    void shouldShowNothingWhenNoRuleMatches() throws IOException {
        RulesPolicy policy = policy("{`rules`: [{`when`: {`role`: `admin`}, `sees`: `true`}]}");
        assertSees("false", policy, principal("bob", "{}"));
        assertSees("false", policy, principal("admin", "{`roles`:`admin`}"));
        assertSees("false", policy("{`rules`: []}"), principal("bob", "{}"));
    }

    @Test
    void shouldShowNothingByARuleWhenAnAttributeIsMissing() throws IOException {
        RulesPolicy policy = policy("{`rules`: [{`sees`: `data.level <= ${level} or not (topic in ${hidden})`}]}");
        assertSees("false", policy, principal("bob", "{}"));
        assertSees("false", policy, principal("bob", "{`level`:1}"));
        assertSees("false", policy, principal("bob", "{`level`:null,`hidden`:[]}"));
        assertSees("false", policy, principal("bob", "{`level`:[1],`hidden`:[]}"));
    }

    @Test
    void shouldTakeTheSubjectForSubWhateverAnAttributeSays() throws IOException {
        RulesPolicy policy = policy("{`rules`: [{`when`: {`sub`: `bob`}, `sees`: `data.owner = ${sub}`}]}");
        assertSees("data.owner = 'bob'", policy, principal("bob", "{`sub`:`boss`}"));
        assertSees("false", policy, principal("eve", "{`sub`:`bob`}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{`rules`: [{`sees`: `true`},]} | it is no JSON",
                "[] | it is no JSON object",
                "{`rules`: {}} | expected {`rules`: [..]}",
                "{`rules`: [], `more`: 1} | nothing beside `rules`",
                "{`rules`: []} {} | it is no JSON: Expected EOF",
                "{`rules`: [`true`]} | rule 1: expected an object",
                "{`rules`: [{`sees`: `true`}, {`see`: `true`}]} | rule 2: unknown member `see`: expected when, sees or note",
                "{`rules`: [{`sees`: 1}]} | rule 1: expected `sees` with a filter's text",
                "{`rules`: [{`when`: {}}]} | rule 1: expected `sees` with a filter's text",
                "{`rules`: [{`sees`: `true`, `when`: `admin`}]} | rule 1: expected `when` with an object",
                "{`rules`: [{`sees`: `true`, `when`: {`a`: null}}]} | rule 1: `when` has for `a` something else",
                "{`rules`: [{`sees`: `true`, `when`: {`a`: {}}}]} | rule 1: `when` has for `a` something else",
                "{`rules`: [{`sees`: `data.x == 1`}]} | rule 1: `sees` at column 9: expected a value",
                "{`rules`: [{`sees`: `data.x = '${sub}'`}]} | rule 1: `sees` at column 11: a placeholder stands"
            })
    void shouldSayWhereAFileIsWrong(String json, String message) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> policy(json));
        assertTrue(String.valueOf(e.getMessage()).contains("rules.json can't be used: "), e.getMessage());
        assertTrue(String.valueOf(e.getMessage()).contains(message.replace('`', '"')), e.getMessage());
    }

    @Test
    void shouldFollowTheFileAndKeepItsRulesWhileItIsBroken() throws IOException {
        RulesPolicy policy = policy("{`rules`: [{`sees`: `topic = 'a'`}]}");
        Principal bob = principal("bob", "{}");
        assertSees("topic = 'a'", policy, bob);
        long before = policy.version();

        write("{`rules`: [{`sees`: `topic = 'b'`}]}");
        assertSees("topic = 'a'", policy, bob);
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        assertTrue(policy.version() > before);
        assertSees("topic = 'b'", policy, bob);
        long after = policy.version();

        write("{`rules`: [");
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        assertEquals(after, policy.version());
        assertSees("topic = 'b'", policy, bob);

        Files.delete(dir.resolve("rules.json"));
        nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        assertEquals(after, policy.version());
        assertSees("topic = 'b'", policy, bob);
    }
}
