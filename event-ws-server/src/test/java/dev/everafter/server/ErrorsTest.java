package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a client is told when it errs, and that the connection survives what it can survive. */
class ErrorsTest {
    private final Served served = Served.with(options -> options.subscriptions(2));
    private final TestClient client = TestClient.welcomed(served.port());

    @AfterEach
    void close() {
        client.close();
        served.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        bad_message            | not JSON
        bad_message            | {'type':'ping'} and more
        bad_message            | {'type':'ping'}}
        bad_message            | {'type':'ping'
        bad_message            | ' '
        bad_message            | []
        bad_message            | {}
        bad_message            | {'type':7}
        bad_message            | {'type':'subscribe'}
        bad_message            | {'type':'subscribe','sub':''}
        bad_message            | {'type':'subscribe','sub':7}
        bad_message            | {'type':'subscribe','sub':'\\ud800'}
        bad_message            | {'type':'ping','unknown':1e99999999999}
        bad_message            | {'type':'subscribe','sub':'s','from':'yesterday'}
        bad_message            | {'type':'subscribe','sub':'s','from':{}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'after':-1}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'after':9007199254740992}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'after':1.5}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'after':1e999999999}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'after':'1'}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'after':1,'epoch':''}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'after':1,'epoch':'\\u0000'}}
        bad_message            | {'type':'subscribe','sub':'s','from':{'time':'yesterday'}}
        bad_message            | {'type':'subscribe','sub':'s','onGap':'panic'}
        bad_message            | {'type':'subscribe','sub':'s','batch':0}
        bad_message            | {'type':'subscribe','sub':'s','window':0}
        bad_message            | {'type':'subscribe','sub':'s','window':10001}
        bad_message            | {'type':'subscribe','sub':'s','maxMessage':1023}
        bad_message            | {'type':'subscribe','sub':'s','late':'yes'}
        bad_message            | {'type':'ack','sub':'s'}
        bad_message            | {'type':'auth'}
        bad_message            | {'type':'ping','nonce':{}}
        unknown_type           | {'type':'publish'}
        unknown_sub            | {'type':'unsubscribe','sub':'nobody'}
        unknown_sub            | {'type':'ack','sub':'nobody','at':0}
        filter_invalid         | {'type':'subscribe','sub':'s','where':'everything'}
        filter_invalid         | {'type':'subscribe','sub':'s','where':['topic','~','x']}
        filter_invalid         | {'type':'subscribe','sub':'s','where':['colour','=','x']}
        filter_invalid         | {'type':'subscribe','sub':'s','where':['data.x','=',100e2147483647]}
        position_ahead         | {'type':'subscribe','sub':'s','from':{'after':1000}}
        epoch_unknown          | {'type':'subscribe','sub':'s','from':{'after':0,'epoch':'never'}}
        render_unknown         | {'type':'subscribe','sub':'s','render':'html'}
        late_unavailable       | {'type':'subscribe','sub':'s','late':true}
        auth_not_configured    | {'type':'auth','token':'secret'}
        """)
    void shouldNameTheErrorAndGoOnWhenAMessageCantBeFollowed(String code, String message) {
        client.send(message);

        JsonObject error = client.next("error");
        assertEquals(code, error.getString("code"), error::toString);
        assertTrue(error.getString("message").length() > 5, error::toString);
        assertEquals(false, error.getBoolean("retry"));
        // The name is free again, and the connection is as good as new.
        client.subscribe("s");
        client.send("{'type':'ping'}");
        client.next("pong");
    }

    @Test
    void shouldNameTheErrorWhenANumberHasTooManyDigits() {
        client.send("{'type':'subscribe','sub':'s','from':{'after':" + "1".repeat(1_200) + "}}");
        assertEquals("bad_message", client.next("error").getString("code"));
    }

    @Test
    void shouldNameTheErrorWhenAMessageIsNestedTooDeep() {
        client.send("{'type':'subscribe','sub':'s','where':" + "[".repeat(1_100) + "]".repeat(1_100) + "}");
        assertEquals("bad_message", client.next("error").getString("code"));
    }

    @ParameterizedTest
    @MethodSource
    void shouldRefuseAFilterAndGoOnWhenItIsLargerThanItMayBe(String where, String why) {
        client.send("{'type':'subscribe','sub':'s','where':" + where + "}");
        JsonObject error = client.next("error");
        assertEquals("filter_invalid", error.getString("code"));
        assertTrue(error.getString("message").contains(why), error::toString);
        client.subscribe("s");
    }

    static Stream<Arguments> shouldRefuseAFilterAndGoOnWhenItIsLargerThanItMayBe() {
        String condition = "['topic','=','a']";
        return Stream.of(
                Arguments.of("['not',".repeat(33) + condition + "]".repeat(33), "nested deeper than 32"),
                Arguments.of("[" + (condition + ",").repeat(1_000) + condition + "]", "more than 1000 conditions"),
                Arguments.of("['id','in',[" + "1,".repeat(10_000) + "1]]", "10000"),
                Arguments.of("['topic','like','" + "x".repeat(1_001) + "']", "at most 1000 characters"));
    }

    @Test
    void shouldGoOnWhenAnAnswerWouldHoldHalfASurrogatePair() {
        client.send("{'type':'ping','nonce':'\\ud800'}");
        assertEquals("?", client.next("pong").getString("nonce"));
    }

    @Test
    void shouldGoOnWhenAnErrorIsCutWithinASurrogatePair() {
        // Wherever the cut is, one of the two hits the middle of a pair.
        client.send("{'type':'" + "\ud83d\ude00".repeat(500) + "'}");
        assertEquals("unknown_type", client.next("error").getString("code"));
        client.send("{'type':'x" + "\ud83d\ude00".repeat(500) + "'}");
        assertEquals("unknown_type", client.next("error").getString("code"));
    }

    @Test
    void shouldIgnoreWhenAMemberIsUnknownOrNull() {
        client.send(
                "{'type':'subscribe','sub':'s','colour':'red','where':null,'render':null,'late':false,'window':null}");
        assertEquals("s", client.next("subscribed").getString("sub"));
    }

    @Test
    void shouldRefuseWhenTheNameIsInUse() {
        client.subscribe("s");
        client.send("{'type':'subscribe','sub':'s'}");
        assertEquals("sub_in_use", client.next("error").getString("code"));
    }

    @Test
    void shouldRefuseWhenThereAreTooManySubscriptions() {
        client.subscribe("one");
        client.subscribe("two");
        client.send("{'type':'subscribe','sub':'three'}");
        JsonObject error = client.next("error");
        assertEquals("too_many_subscriptions", error.getString("code"));
        assertEquals("three", error.getString("sub"));
        client.send("{'type':'unsubscribe','sub':'one'}");
        client.next("unsubscribed");
        client.subscribe("three");
    }

    @Test
    void shouldNotRepeatALongMessageWhenItIsRefused() {
        client.send("{'type':'subscribe','sub':'s','where':['" + "x".repeat(20_000) + "','=','y']}");
        JsonObject error = client.next("error");
        assertEquals("filter_invalid", error.getString("code"));
        assertTrue(error.toString().length() < 1_000);
    }

    @Test
    void shouldCloseWhenAMessageIsTooLarge() throws Exception {
        client.send("{'type':'ping','nonce':'" + "x".repeat(64 << 10) + "'}");
        assertEquals(1009, client.closeCode());
    }

    @Test
    void shouldCloseWhenAMessageInPartsIsTooLarge() {
        client.sendPartsUntilClosed("x".repeat(20 << 10), 1_000);
        assertEquals(1009, client.closeCode());
    }

    @Test
    void shouldCloseWhenAMessageIsBinary() {
        client.sendBinary(new byte[] {1, 2, 3});
        assertEquals(4400, client.closeCode());
    }

    @Test
    void shouldCloseWhenTheSubprotocolIsNotAskedFor() {
        try (TestClient other = TestClient.open(served.port(), List.of())) {
            assertEquals(4400, other.closeCode());
            assertTrue(other.closeReason().getReasonPhrase().contains("everafter.v1"));
        }
    }

    @Test
    void shouldCloseWhenTheHubIsClosed() {
        client.subscribe("s");
        served.hub.close();
        assertEquals(1012, client.closeCode());
    }
}
