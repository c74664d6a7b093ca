package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.RawJson;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArvadosPropertiesTest {
    private static void assertReads(String expected, String text) {
        assertEquals(Optional.of(RawJson.of(expected).parse()), ArvadosProperties.read(text));
    }

    @Test
    void shouldReadJson() {
        assertReads("{\"a\":{\"b\":[1,2.5,true,null]}}", "{\"a\":{\"b\":[1,2.5,true,null]}}");
    }

    @Test
    void shouldKeepSurrogatePairs() {
        String smile = new String(Character.toChars(0x1f600));
        assertEquals(
                smile,
                ArvadosProperties.read("{\"text\":\"\\ud83d\\ude00\"}")
                        .orElseThrow()
                        .getString("text"));
    }

    @Test
    void shouldReadTheYamlOfOldRows() {
        assertReads(
                "{\"old_attributes\":null,\"new_attributes\":{\"name\":\"x: y\",\"n\":3,\"f\":1.5,\"ok\":true,"
                        + "\"modified_at\":\"2013-11-05 14:52:27.123456000 Z\",\"tags\":[\"a\",null]}}",
                """
                ---
                :old_attributes:
                new_attributes: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
                  name: 'x: y'
                  n: 3
                  f: 1.5
                  ok: true
                  modified_at: 2013-11-05 14:52:27.123456000 Z
                  tags:
                  - a
                  - ~
                """);
    }

    @Test
    void shouldBuildNoObjectThatATextAsksFor() {
        assertReads("{\"a\":[\"http://127.0.0.1/\"]}", "a: !!javax.script.ScriptEngineManager [\"http://127.0.0.1/\"]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "\"text\"", "7", "plain text", "a: [", "--- - x\n", "{[1]: 2}", "a: *b"})
    void shouldReadNothingFromWhatIsNoMap(String text) {
        assertEquals(Optional.empty(), ArvadosProperties.read(text));
    }

    @Test
    void shouldNotUnfoldWithoutBound() {
        StringBuilder laughs = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 9; i++) {
            laughs.append("a").append(i).append(": &a").append(i).append(" [");
            laughs.append(("*a" + (i - 1) + ",").repeat(5)).append("y]\n");
        }
        assertEquals(Optional.empty(), ArvadosProperties.read(laughs.toString()));
    }

    @Test
    void shouldNotFollowACircle() {
        assertEquals(Optional.empty(), ArvadosProperties.read("a: &a [*a]"));
    }
}
