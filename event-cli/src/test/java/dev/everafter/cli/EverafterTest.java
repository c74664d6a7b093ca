package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EverafterTest {
    static Stream<Arguments> wrong() {
        return Stream.of(
                Arguments.of("", "everafter: Missing required subcommand"),
                Arguments.of("trail", "trail"),
                Arguments.of("tail --form now", "--form"),
                Arguments.of("tail --from yesterday", "\"yesterday\" is no start: expected now, start, an event's id"),
                Arguments.of("tail --from 9007199254740992", "\"9007199254740992\" is no event's id: expected 0 to"),
                Arguments.of("tail --where [\"topic\"]", "expected [attribute, operator, operand]: [\"topic\"]"),
                Arguments.of("tail --where topic=orders", "at column 7: expected a value: 'text', a number"),
                Arguments.of("tail --url http://127.0.0.1/", "\"http://127.0.0.1/\" is no WebSocket address"),
                Arguments.of("tail --on-gap wait", "STOP, CONTINUE"),
                Arguments.of("tail --store nowhere/at/all", "--store nowhere/at/all: there is no directory"),
                Arguments.of("serve --port many", "many"),
                Arguments.of("serve --port 65536", "--port 65536: expected 0 to 65535"),
                Arguments.of("serve --databse postgres://ada:secret@localhost/shop", "'--databse'"),
                Arguments.of("serve --database postgres://ada:secret@localhost/shop", "it starts with \"postgres:\""),
                Arguments.of("serve --auth tokens", "--auth tokens needs --tokens-file"),
                Arguments.of("serve --auth jwt --jwt-issuer i --jwt-keys k", "--auth jwt needs --jwt-audience"),
                Arguments.of("serve --auth sql", "--auth sql needs --sql-query"),
                Arguments.of("serve --tokens-file x", "--tokens-file is for --auth tokens, and this is --auth none"),
                Arguments.of("serve --auth tokens --jwt-skew 5", "--jwt-skew is for --auth jwt"),
                Arguments.of("serve --token-in-url", "--auth none asks for no token"),
                Arguments.of("serve --trusted-proxy 10.0.0.0/8,proxy", "--trusted-proxy: \"proxy\" is no network"),
                Arguments.of("serve --access-rules x", "--access-rules needs an --auth"),
                Arguments.of("serve --auth tokens --tokens-file x --access-rules missing.json", "can't be read"),
                Arguments.of(
                        "serve --auth tokens --tokens-file x --access-rules y --access-query z", "choose one of them"),
                Arguments.of("serve --renderings missing.json", "--renderings: the file of renderings can't be read"),
                Arguments.of("serve --admin-token-file missing.token", "--admin-token-file can't be read"),
                Arguments.of("token a --expires soon", "2027-01-01T00:00:00Z"),
                Arguments.of("token a --attributes [1]", "is no JSON object"),
                Arguments.of("capture", "TABLE"));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void shouldSayInOneLineWhatIsWrongWhenItCannotBeRun(String line, String expected) {
        Run run = Run.of(line.isEmpty() ? new String[0] : line.split(" "));

        assertEquals(ExitCodes.USAGE, run.code(), run.err());
        assertTrue(run.err().contains(expected), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertEquals("", run.out());
        assertFalse(run.err().contains("secret"), run.err());
    }

    static Stream<Arguments> wrongRenderings() {
        return Stream.of(
                Arguments.of("{'default': {'topics': {'public.orders': 'id'}}}", """
                        rendering "default": topic "public.orders": expected a list of columns, such as ["id", "total"], \
                        or [] for none, or {"function": "api.order"}, and not "id\""""),
                Arguments.of("{'default': {'topic': {}}}", """
                        rendering "default": unknown member "topic": expected when, topics"""),
                Arguments.of("{'staff': {'topics': {}}}", """
                        expected a rendering "default", for clients that ask for none, among [staff]"""),
                Arguments.of("{'default':\n oops}", "line no=2"));
    }

    @ParameterizedTest
    @MethodSource("wrongRenderings")
    void shouldNameThePlaceInAFileOfRenderingsAndWhatWasExpected(
            String content, String expected, @TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("renderings.json"), content.replace('\'', '"'));
        Run run = Run.of("serve", "--renderings", file.toString());
        assertEquals(ExitCodes.USAGE, run.code(), run.err());
        assertTrue(run.err().contains("--renderings: the file of renderings " + file + ": "), run.err());
        assertTrue(run.err().contains(expected), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
    }

    @Test
    void shouldExplainAFilterWithoutAServer() {
        Run exact = Run.of("tail", "--explain", "--where", "topic = 'demo.orders'", "--url", "ws://127.0.0.1:1/ws");
        assertEquals(ExitCodes.OK, exact.code(), exact.err());
        assertTrue(exact.out().startsWith("exact: "), exact.out());
        assertTrue(exact.out().contains("with [") && exact.out().contains("demo.orders"), exact.out());
        Run superset = Run.of("tail", "--explain", "--where", "data.name ilike 'k%'");
        assertTrue(superset.out().startsWith("superset: "), superset.out());
        assertTrue(superset.out().contains("memory checks data.name ilike 'k%'"), superset.out());
        assertTrue(Run.of("tail", "--explain").out().startsWith("exact: "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "serve --help", "capture --help", "tail --help", "token --help"})
    void shouldTeachWithExamplesWhenAskedForHelp(String line) {
        Run run = Run.of(line.split(" "));

        assertEquals(ExitCodes.OK, run.code());
        assertEquals("", run.err());
        assertTrue(
                run.out()
                                .lines()
                                .filter(text -> text.startsWith("  everafter "))
                                .count()
                        >= 2,
                run.out());
        assertTrue(run.out().lines().allMatch(text -> text.length() <= 100), run.out());
    }

    @Test
    void shouldNameItsVersionWhenAsked() {
        Run run = Run.of("--version");

        assertEquals(ExitCodes.OK, run.code());
        assertTrue(run.out().startsWith("everafter "), run.out());
        assertTrue(run.out().contains(Runtime.version().toString()), run.out());
    }
}
