package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterRules;
import dev.everafter.core.Position;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArvadosCommandTest {
    private static final Filter ALL = Filter.all().canonical();
    private static final ArvadosFilters FILTERS =
            new ArvadosFilters(FilterRules.DEFAULT, new ArvadosKinds(ArvadosKinds.KNOWN));

    private static ArvadosCommand parse(String text) {
        return ArvadosCommand.parse(text.replace('\'', '"'), FILTERS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'method':'subscribe'}",
                "{'method':'subscribe','filters':[]}",
                "{'method':'subscribe','filters':null,'last_log_id':null,'more':1}",
            })
    void shouldSubscribeToEverythingFromNowOn(String text) {
        assertEquals(new ArvadosCommand.Subscribe(ALL, OptionalLong.empty()), parse(text));
    }

    @Test
    void shouldSubscribeFromAnId() {
        assertEquals(
                new ArvadosCommand.Subscribe(ALL, OptionalLong.of(17)),
                parse("{'method':'subscribe','last_log_id':17}"));
        assertEquals(
                new ArvadosCommand.Subscribe(ALL, OptionalLong.of(0)), parse("{'method':'subscribe','last_log_id':0}"));
        assertEquals(
                new ArvadosCommand.Subscribe(ALL, OptionalLong.of(Position.MAX_ID)),
                parse("{'method':'subscribe','last_log_id':1e30}"));
    }

    @Test
    void shouldUnsubscribe() {
        assertEquals(new ArvadosCommand.Unsubscribe(ALL), parse("{'method':'unsubscribe'}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "subscribe",
                "[]",
                "null",
                "7",
                "{",
                "{} {}",
                "{}",
                "{'method':7}",
                "{'method':'resubscribe'}",
                "{'method':'subscribe','filters':{}}",
                "{'method':'subscribe','filters':[['x','=','y']]}",
                "{'method':'unsubscribe','filters':'x'}",
                "{'method':'subscribe','last_log_id':'17'}",
                "{'method':'subscribe','last_log_id':-1}",
                "{'method':'subscribe','last_log_id':1.5}",
            })
    void shouldNotUse(String text) {
        assertInstanceOf(ArvadosCommand.Unusable.class, parse(text));
    }
}
