package dev.everafter.server;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * A WebSocket client on a bare socket, for what a well-behaved one doesn't do: not reading, strange headers, frames that
 * announce more than they bring. Not safe for use by several threads.
 */
public final class RawClient implements AutoCloseable {
    private final Socket socket = new Socket();
    private final DataInputStream in;

    /** @param receiveBuffer bytes that the kernel may take in while nobody reads */
    public RawClient(int port, int receiveBuffer) throws IOException {
        socket.setReceiveBufferSize(receiveBuffer);
        socket.setSoTimeout(30_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        in = new DataInputStream(socket.getInputStream());
    }

    /** Asks for an upgrade; returns the answer's status. */
    public int upgrade(String host, Map<String, String> headers) throws IOException {
        return upgrade(host, headers, new byte[0]);
    }

    /** Asks for an upgrade and doesn't wait for it: {@code json} goes in the same packet. */
    public int upgradeAndSend(String host, String json) throws IOException {
        return upgrade(host, Map.of(), frame(0x81, text(json)));
    }

    private int upgrade(String host, Map<String, String> headers, byte[] more) throws IOException {
        StringBuilder request = new StringBuilder("GET /ws HTTP/1.1\r\nHost: " + host
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: everafter.v1\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.writeBytes(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        packet.writeBytes(more);
        socket.getOutputStream().write(packet.toByteArray());
        String status = line();
        for (String line = line(); !line.isEmpty(); ) {
            line = line();
        }
        return Integer.parseInt(status.substring(9, 12));
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("closed in a header: " + line);
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    /** Sends one text message; single quotes stand for double ones. */
    public void send(String json) throws IOException {
        socket.getOutputStream().write(frame(0x81, text(json)));
    }

    /** Sends one text message as only a server may: without a mask. */
    public void sendUnmasked(String json) throws IOException {
        byte[] text = text(json);
        byte[] frame = new byte[2 + text.length];
        frame[0] = (byte) 0x81;
        frame[1] = (byte) text.length;
        System.arraycopy(text, 0, frame, 2, text.length);
        socket.getOutputStream().write(frame);
    }

    public void ping() throws IOException {
        socket.getOutputStream().write(frame(0x89, new byte[100]));
    }

    private static byte[] text(String json) {
        byte[] text = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        if (text.length > 125) {
            throw new IllegalArgumentException("too long for this client: " + text.length);
        }
        return text;
    }

    private static byte[] frame(int head, byte[] body) {
        byte[] frame = new byte[6 + body.length];
        frame[0] = (byte) head;
        frame[1] = (byte) (0x80 | body.length);
        // The mask is zero, so the body stands as it is.
        System.arraycopy(body, 0, frame, 6, body.length);
        return frame;
    }

    /** Announces a text message of {@code length} bytes and sends none of it. */
    public void announce(long length) throws IOException {
        byte[] frame = new byte[14];
        frame[0] = (byte) 0x81;
        frame[1] = (byte) 0xff;
        for (int i = 0; i < 8; i++) {
            frame[2 + i] = (byte) (length >>> (56 - 8 * i));
        }
        socket.getOutputStream().write(frame);
    }

    /** The next text message, or {@code close} and its code, or {@code eof}. */
    public String read() throws IOException {
        int head = in.read();
        if (head < 0) {
            return "eof";
        }
        int length = in.readUnsignedByte();
        length = length == 126 ? in.readUnsignedShort() : length == 127 ? (int) in.readLong() : length;
        byte[] body = in.readNBytes(length);
        return switch (head & 0x0f) {
            case 8 -> "close " + (((body[0] & 0xff) << 8) | (body[1] & 0xff));
            case 1 -> new String(body, StandardCharsets.UTF_8);
            default -> "frame " + head;
        };
    }

    /** Reads until the connection ends in whatever way, and counts the bytes. */
    public long drain() {
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        try {
            InputStream rest = in;
            for (int n = rest.read(buffer); n >= 0; n = rest.read(buffer)) {
                total += n;
            }
        } catch (IOException e) {
            // Reset: ended as well.
        }
        return total;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
