package dev.everafter.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MessageDropperTest {
    private static final String HANDSHAKE = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

    private ServerSocket listener;
    private TcpProxy proxy;
    private MessageDropper dropper;
    private Socket client;
    private Socket server;

    @BeforeEach
    void connect() throws IOException {
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        proxy = TcpProxy.to(listener.getLocalPort());
        dropper = MessageDropper.in(proxy);
        client = new Socket(InetAddress.getLoopbackAddress(), proxy.port());
        client.setSoTimeout(20_000);
        server = listener.accept();
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        server.close();
        proxy.close();
        listener.close();
    }

    private static byte[] text(String payload) {
        byte[] bytes = payload.getBytes(StandardCharsets.UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(bytes.length + 10);
        frame.put((byte) 0x81);
        if (bytes.length < 126) {
            frame.put((byte) bytes.length);
        } else if (bytes.length < 65_536) {
            frame.put((byte) 126).putShort((short) bytes.length);
        } else {
            frame.put((byte) 127).putLong(bytes.length);
        }
        frame.put(bytes);
        return Arrays.copyOf(frame.array(), frame.position());
    }

    private void send(byte[]... parts) throws IOException {
        for (byte[] part : parts) {
            server.getOutputStream().write(part);
        }
    }

    private void receive(byte[]... parts) throws IOException {
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            expected.write(part);
        }
        assertArrayEquals(expected.toByteArray(), client.getInputStream().readNBytes(expected.size()));
    }

    private static byte[] handshake() {
        return HANDSHAKE.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void shouldDropJustTheChosenMessageOfWhateverLength() throws Exception {
        send(handshake());
        receive(handshake());
        for (int length : List.of(0, 1_000, 70_000)) {
            String rest = "x".repeat(length);
            Future<String> dropped = dropper.dropNext(message -> message.contains("bad"));
            send(text("good" + rest), text("bad" + rest), text("bad too"));
            receive(text("good" + rest), text("bad too"));
            assertEquals("bad" + rest, dropped.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void shouldFindFramesThatAreSplitAnywhere() throws Exception {
        Future<String> dropped = dropper.dropNext(message -> message.equals("bad".repeat(50)));
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(handshake());
        all.write(text("good"));
        all.write(text("bad".repeat(50)));
        all.write(text("end"));
        for (byte next : all.toByteArray()) {
            server.getOutputStream().write(next);
            server.getOutputStream().flush();
        }
        receive(handshake(), text("good"), text("end"));
        assertEquals("bad".repeat(50), dropped.get(20, TimeUnit.SECONDS));
    }

    @Test
    void shouldPassControlFramesAndFragments() throws Exception {
        Future<String> dropped = dropper.dropNext(message -> true);
        byte[] ping = {(byte) 0x89, 1, 'p'};
        byte[] first = {0x01, 1, 'a'};
        byte[] rest = {(byte) 0x80, 1, 'b'};
        send(handshake(), ping, first, rest);
        receive(handshake(), ping, first, rest);
        assertFalse(dropped.isDone());
    }
}
