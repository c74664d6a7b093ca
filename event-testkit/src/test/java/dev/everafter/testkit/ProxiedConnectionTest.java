package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.everafter.testkit.TcpProxy.Direction;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.Test;

/** What comes between a connection and its pumps. */
class ProxiedConnectionTest {
    @Test
    void shouldNotCutTheOtherDirectionWhenOneWasEndedBeforeItsPumpRan() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket target = new ServerSocket(0, 5, loopback);
                TcpProxy proxy = TcpProxy.to(target.getLocalPort());
                Socket client = new Socket(loopback, target.getLocalPort());
                Socket clientsPeer = target.accept();
                Socket server = new Socket()) {
            ProxiedConnection connection = new ProxiedConnection(proxy, client, server);
            connection.connect(new InetSocketAddress(loopback, target.getLocalPort()));
            connection.end(Direction.TO_CLIENT);
            target.accept().close();

            connection.pump(Direction.TO_CLIENT, TcpProxy.Passage.FREE);

            assertFalse(client.isClosed());
        }
    }
}
