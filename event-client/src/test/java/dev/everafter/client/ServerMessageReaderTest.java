package dev.everafter.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerMessageReaderTest {
    private final List<Object> calls = new ArrayList<>();

    private final ServerMessages recorder = new ServerMessages() {
        @Override
        public void welcome(Duration heartbeat) {
            calls.add(heartbeat);
        }

        @Override
        public void goodbye(String reason, Optional<Duration> reconnectAfter) {
            calls.add(List.of(reason, reconnectAfter));
        }

        @Override
        public void error(Optional<String> sub, String code, String message, boolean retry) {
            calls.add(List.of(sub, code, message, retry));
        }

        @Override
        public void subscribed(String sub, long ref, Position start) {
            calls.add(List.of(sub, ref, start));
        }

        @Override
        public void events(long ref, Events events) {
            calls.add(events);
        }

        @Override
        public void position(long after, long to, List<Long> refs) {
            calls.add(List.of(after, to, refs));
        }

        @Override
        public void caughtUp(String sub) {
            calls.add(sub);
        }

        @Override
        public void fellBehind(String sub) {
            calls.add(sub);
        }

        @Override
        public void queued(String sub, long ahead) {
            calls.add(List.of(sub, ahead));
        }

        @Override
        public void gap(String sub, Gap gap) {
            calls.add(List.of(sub, gap));
        }

        @Override
        public void pong() {
            calls.add("pong");
        }

        @Override
        public void unsubscribed(String sub, String reason) {
            calls.add(List.of(sub, reason));
        }
    };

    private Object read(String json) {
        ServerMessageReader.read(json.replace('\'', '"'), recorder);
        return calls.get(calls.size() - 1);
    }

    @Test
    void shouldReadEachMessage() {
        assertEquals(Duration.ofSeconds(15), read("{'type':'welcome','heartbeatMs':15000}"));
        assertEquals(
                List.of("drain", Optional.of(Duration.ofMillis(5))),
                read("{'type':'goodbye','reason':'drain','reconnectAfterMs':5}"));
        assertEquals(List.of("", Optional.empty()), read("{'type':'goodbye'}"));
        assertEquals(
                List.of(Optional.of("s"), "c", "m", true),
                read("{'type':'error','sub':'s','code':'c','message':'m','retry':true}"));
        assertEquals(List.of(Optional.empty(), "", "", false), read("{'type':'error'}"));
        assertEquals(
                List.of("s", 3L, new Position("e", 9)),
                read("{'type':'subscribed','sub':'s','ref':3,'after':9,'epoch':'e','head':10}"));
        assertEquals(List.of(7L, 9L, List.of(1L, 2L)), read("{'type':'position','after':7,'to':9,'refs':[1,2]}"));
        assertEquals(List.of(0L, 9L, List.of()), read("{'type':'position','to':9,'refs':[]}"));
        assertEquals(
                List.of("s", new Gap(Gap.Reason.RETENTION, 1, 5, new Position("e", 5))),
                read("{'type':'gap','sub':'s','reason':'retention','after':1,'to':5,'resume':{'epoch':'e','id':5}}"));
        assertEquals(List.of("s", 12L), read("{'type':'queued','sub':'s','ahead':12}"));
        assertEquals("pong", read("{'type':'pong','nonce':'of another client'}"));
        assertEquals(List.of("s", "gap"), read("{'type':'unsubscribed','sub':'s','at':5,'reason':'gap'}"));
    }

    @Test
    void shouldKeepTheContentOfAnItemAsItIs() {
        String item = "{'id':9007199254740991,'at':'2026-11-24T01:02:03.000004Z','topic':'public.o','type':'update',"
                + "'key':{'id':17},'data':{'n':123456789012345678901234567890.10,'s':'\u00e9\\n','a':[null,true]},"
                + "'old':{'n':1},'tx':'7482','last':true}";
        ServerMessages.Events events =
                (ServerMessages.Events) read("{'type':'events','ref':1,'after':0,'to':9007199254740991,'items':[" + item
                        + ",{'id':1,'at':'2026-11-24T01:02:03Z','topic':'t','type':'x','key':{'id':1},'left':true}]}");
        assertEquals(item.replace('\'', '"'), events.items().get(0).event().toString());
        assertEquals(true, events.items().get(1).event().left());
    }

    @Test
    void shouldTakeAnyHeartbeatAndSlotForADayAtMost() {
        assertEquals(Duration.ofDays(1), read("{'type':'welcome','heartbeatMs':9223372036854775807}"));
        assertEquals(
                List.of("", Optional.of(Duration.ofDays(1))),
                read("{'type':'goodbye','reconnectAfterMs':9223372036854775807}"));
    }

    @Test
    void shouldKeepANumberOfManyDigits() {
        String digits = "1".repeat(9_000);
        ServerMessages.Events events = (ServerMessages.Events) read("{'type':'events','ref':1,'after':0,'to':1,"
                + "'items':[{'id':1,'at':'2026-11-24T01:02:03Z','topic':'t','type':'x','data':" + digits + "}]}");
        assertEquals(digits, events.items().get(0).event().data().orElseThrow().toString());
    }

    @Test
    void shouldRefuseWhatIsNestedTooDeep() {
        String deep = "{\"type\":\"weather\",\"x\":" + "[".repeat(1_100) + "]".repeat(1_100) + "}";
        assertThrows(MalformedMessageException.class, () -> ServerMessageReader.read(deep, recorder));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{}",
                "{'type':7}",
                "{'type':'welcome','heartbeatMs':0}",
                "{'type':'position','to':-1,'refs':[]}",
                "{'type':'position','to':9007199254740992,'refs':[]}",
                "{'type':'position','to':1.5,'refs':[]}",
                "{'type':'position','to':1,'refs':['1']}",
                "{'type':'subscribed','sub':'s','ref':1,'after':1,'epoch':''}",
                "{'type':'gap','sub':'s','reason':'mystery','after':1,'to':5,'resume':{'epoch':'e','id':5}}",
                "{'type':'events','ref':1,'after':0,'to':1,'items':[7]}",
                "{'type':'events','ref':1,'after':0,'to':1,'items':[{'id':1,'topic':'t','type':'x','at':'noon'}]}",
                "{'type':'events','ref':1,'after':0,'to':1,'items':[{'id':1,'topic':'t','at':'2026-11-24T00:00:00Z'}]}"
            })
    void shouldRefuseWhatIsMalformed(String json) {
        assertThrows(
                MalformedMessageException.class, () -> ServerMessageReader.read(json.replace('\'', '"'), recorder));
        assertEquals(List.of(), calls);
    }

    @Test
    void shouldPassOverWhatItDoesNotKnow() {
        ServerMessageReader.read("{\"type\":\"weather\",\"sub\":7}", recorder);
        assertEquals(List.of(), calls);
    }
}
