package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.FiltersPage;
import dev.everafter.testkit.FiltersPage.Example;
import dev.everafter.testkit.FiltersPage.Result;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What docs/filters.md promises is what the code does. */
class FiltersPageTest {
    static Iterable<Example> examples() throws IOException {
        return FiltersPage.examples();
    }

    @ParameterizedTest
    @MethodSource("examples")
    void shouldGiveTheResultThatThePageGives(Example example) {
        Optional<Event> form = Selection.of(example.filter()).select(example.event(7));
        Result result =
                form.map(event -> event.left() ? Result.left : Result.yes).orElse(Result.no);
        assertEquals(example.result(), result);
    }

    @Test
    void shouldShowEveryOperator() throws IOException {
        for (Operator operator : Operator.values()) {
            boolean shown = operator == Operator.IS_A
                    || FiltersPage.examples().stream()
                            .anyMatch(example -> example.text().contains(" " + operator.text()));
            assertTrue(shown, operator::text);
        }
    }
}
