package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What a container does to a connection that a real one does only now and then. */
class SocketTest {
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final List<String> sent = new CopyOnWriteArrayList<>();
    private final List<SendHandler> inFlight = new CopyOnWriteArrayList<>();
    private volatile boolean closedUnnoticed;

    private final Socket socket = new Socket(
            new Socket.Owner() {
                @Override
                public void onText(Socket socket, String text) {}

                @Override
                public void onClosed(Socket socket, int code, String reason) {
                    told.add("closed " + code);
                }
            },
            Thread::new,
            1024);

    private final RemoteEndpoint.Async remote = (RemoteEndpoint.Async) Proxy.newProxyInstance(
            SocketTest.class.getClassLoader(), new Class<?>[] {RemoteEndpoint.Async.class}, (proxy, method, args) -> {
                sent.add((String) args[0]);
                inFlight.add((SendHandler) args[1]);
                return null;
            });

    private final Session session = (Session) Proxy.newProxyInstance(
            SocketTest.class.getClassLoader(), new Class<?>[] {Session.class}, (proxy, method, args) -> {
                if (method.getName().equals("getAsyncRemote")) {
                    if (closedUnnoticed) {
                        throw new IllegalStateException("the session has been closed");
                    }
                    return remote;
                }
                if (method.getName().equals("close")) {
                    told.add("close " + ((CloseReason) args[0]).getCloseCode().getCode());
                }
                return null;
            });

    private void open() {
        socket.onOpen(session, ClientEndpointConfig.Builder.create().build());
    }

    private void arrive() {
        inFlight.remove(0).onResult(new SendResult(session));
    }

    @Test
    void shouldTellOfALossWhenTheContainerHasClosedTheSessionUnnoticed() {
        open();
        closedUnnoticed = true;
        socket.send("a");
        assertEquals(
                "closed 1006",
                told.stream()
                        .filter(line -> line.startsWith("closed"))
                        .findFirst()
                        .orElse(""));
        assertFalse(socket.isOpen());
        socket.onClose(session, new CloseReason(CloseReason.CloseCodes.GOING_AWAY, ""));
        assertEquals(1, told.stream().filter(line -> line.startsWith("closed")).count());
    }

    @Test
    void shouldTellOfALossWhenASendFails() {
        open();
        socket.send("a");
        inFlight.remove(0).onResult(new SendResult(session, new IllegalStateException("reset")));
        assertEquals(1, told.stream().filter("closed 1006"::equals).count());
    }

    @Test
    void shouldHaveOneMessageInFlightAndOnlyTheLastAckOfEachSubscriptionWaiting() {
        socket.send("a");
        open();
        socket.send("b");
        for (int at = 1; at <= 1000; at++) {
            socket.ack("s1", at);
            socket.ack("s2", at);
        }
        assertEquals(List.of("a"), sent);
        arrive();
        arrive();
        arrive();
        arrive();
        assertEquals(List.of("a", "b", ClientMessages.ack("s1", 1000), ClientMessages.ack("s2", 1000)), sent);
        assertEquals(List.of(), inFlight);
    }

    @Test
    void shouldForgetTheAckOfASubscriptionThatIsEnded() {
        open();
        socket.send("a");
        socket.ack("s1", 5);
        socket.unsubscribe("s1");
        arrive();
        arrive();
        assertEquals(List.of("a", ClientMessages.unsubscribe("s1")), sent);
    }

    @Test
    void shouldSendWhatWaitsBeforeAnOrderlyClose() {
        open();
        socket.send("a");
        socket.send("b");
        socket.close(new CloseReason(CloseReason.CloseCodes.NORMAL_CLOSURE, "done"));
        socket.send("too late");
        arrive();
        assertEquals(List.of(), told);
        arrive();
        await().until(() -> told.equals(List.of("close 1000")));
        assertEquals(List.of("a", "b"), sent);
    }

    @Test
    void shouldNotWaitForWhatIsInFlightWhenAbandoned() {
        open();
        socket.send("a");
        socket.send("b");
        socket.abandon(new CloseReason(CloseReason.CloseCodes.GOING_AWAY, "silence"));
        await().until(() -> told.equals(List.of("close 1001")));
        assertEquals(List.of("a"), sent);
    }
}
