package dev.everafter.server;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLContext;

/**
 * A WebSocket connection byte by byte, for what RFC 6455 forbids and for how it wants that answered. Not safe for use by
 * several threads.
 */
public final class RawWebSocket implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 30_000;
    /** Far above what a test has a server send; what says it is more is no frame. */
    private static final int MAX_FRAME = 16 << 20;

    private static final byte[] MASK = {0x37, (byte) 0xfa, 0x21, 0x3d};

    private final Socket socket;
    private final DataInputStream in;
    private final Map<String, String> headers = new LinkedHashMap<>();

    private RawWebSocket(int port, Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(socket.getInputStream());
        headers.put("Host", "127.0.0.1:" + port);
        headers.put("Upgrade", "websocket");
        headers.put("Connection", "Upgrade");
        headers.put("Sec-WebSocket-Version", "13");
        headers.put("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        headers.put("Sec-WebSocket-Protocol", EventEndpoint.SUBPROTOCOL);
    }

    /** An HTTP answer, its header names in lower case. */
    public record Answer(int status, Map<String, String> headers) {
        /** A header's value in lower case; empty where there is none. */
        public String header(String name) {
            return headers.getOrDefault(name, "").toLowerCase(Locale.ROOT);
        }
    }

    /** Connected, with nothing sent. */
    public static RawWebSocket connect(int port) throws IOException {
        return new RawWebSocket(port, new Socket(InetAddress.getLoopbackAddress(), port));
    }

    /** Connected by TLS, which ends its handshake with the first thing that is sent. */
    public static RawWebSocket connect(int port, SSLContext context) throws IOException {
        return new RawWebSocket(port, context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port));
    }

    /** Connected from another of this machine's loopback addresses, with nothing sent. */
    public static RawWebSocket connect(int port, InetAddress from) throws IOException {
        return new RawWebSocket(port, new Socket(InetAddress.getLoopbackAddress(), port, from, 0));
    }

    /** Upgraded, with the welcome taken. */
    public static RawWebSocket welcomed(int port) throws IOException {
        return connect(port).welcomed();
    }

    /** Upgrades, and takes the welcome. */
    public RawWebSocket welcomed() throws IOException {
        RawWebSocket opened = this;
        Answer answer = opened.upgrade();
        String welcome = answer.status() == 101 ? opened.read() : "nothing";
        if (!welcome.contains("\"welcome\"")) {
            opened.close();
            throw new IOException("no welcome but " + answer + " " + welcome);
        }
        return opened;
    }

    // ---- the handshake

    /** Changes a header of the request; an empty value leaves it out. */
    public RawWebSocket header(String name, String value) {
        if (value.isEmpty()) {
            headers.remove(name);
        } else {
            headers.put(name, value);
        }
        return this;
    }

    public Answer upgrade() throws IOException {
        return request("GET /ws HTTP/1.1");
    }

    /** Sends the request with this first line, and reads the answer. */
    public Answer request(String line) throws IOException {
        StringBuilder request = new StringBuilder(line).append("\r\n");
        headers.forEach(
                (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
        write(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        return answer();
    }

    /** The next answer; status 0 if the connection ended instead. */
    public Answer answer() throws IOException {
        String status = line();
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            fields.merge(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip(),
                    (one, other) -> one + ", " + other);
        }
        return status.isEmpty()
                ? new Answer(0, Map.of())
                : new Answer(Integer.parseInt(status.substring(9, 12)), fields);
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try {
            for (int next = in.read(); next != '\n' && next >= 0; next = in.read()) {
                if (next != '\r') {
                    line.write(next);
                }
            }
        } catch (SocketException e) {
            // Reset: ended as well.
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    // ---- frames

    /** Sends one masked frame; {@code head} is its first byte. */
    public RawWebSocket send(int head, byte[] body) throws IOException {
        return write(frame(head, body));
    }

    public RawWebSocket send(int head, String body) throws IOException {
        return send(head, body.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends one masked frame; the body is in hexadecimal. */
    public RawWebSocket sendHex(int head, String body) throws IOException {
        return send(head, HexFormat.of().parseHex(body));
    }

    public static byte[] frame(int head, byte[] body) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(head);
        if (body.length < 126) {
            frame.write(0x80 | body.length);
        } else if (body.length < 1 << 16) {
            frame.writeBytes(new byte[] {(byte) 0xfe, (byte) (body.length >> 8), (byte) body.length});
        } else {
            frame.writeBytes(new byte[] {(byte) 0xff, 0, 0, 0, 0});
            for (int shift = 24; shift >= 0; shift -= 8) {
                frame.write(body.length >> shift);
            }
        }
        frame.writeBytes(MASK);
        byte[] masked = Arrays.copyOf(body, body.length);
        for (int i = 0; i < masked.length; i++) {
            masked[i] ^= MASK[i & 3];
        }
        frame.writeBytes(masked);
        return frame.toByteArray();
    }

    /** Sends bytes as they are. */
    public RawWebSocket write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    public RawWebSocket writeHex(String bytes) throws IOException {
        return write(HexFormat.of().parseHex(bytes.replace(" ", "")));
    }

    /** The server's next frame, as {@code text ...}, {@code close 1000} or {@code pong 0a0b}; or {@code eof}. */
    public String read() throws IOException {
        try {
            int head = in.read();
            if (head < 0) {
                return "eof";
            }
            long length = in.readUnsignedByte();
            length = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
            if (length < 0 || length > MAX_FRAME) {
                throw new IOException("no frame of this server: " + length + " bytes after " + head);
            }
            byte[] body = new byte[(int) length];
            in.readFully(body);
            return describe(head, body);
        } catch (EOFException | SocketException e) {
            return "eof";
        }
    }

    private static String describe(int head, byte[] body) {
        return switch (head) {
            case 0x81 -> "text " + new String(body, StandardCharsets.UTF_8);
            case 0x88 -> body.length < 2 ? "close" : "close " + (((body[0] & 0xff) << 8) | (body[1] & 0xff));
            case 0x8a -> "pong " + HexFormat.of().formatHex(body);
            default -> "frame " + head;
        };
    }

    /** The server's next frame that is no heartbeat. */
    public String next() throws IOException {
        String next = read();
        while (next.contains("\"position\"")) {
            next = read();
        }
        return next;
    }

    /** Takes whatever comes, frames or not, until the connection has ended. */
    public void awaitEnd() throws IOException {
        byte[] buffer = new byte[8192];
        try {
            while (in.read(buffer) >= 0) {
                // Of no interest.
            }
        } catch (SocketException e) {
            // Reset: ended as well.
        }
    }

    /** Takes what there is to be read until the connection ends, or for a moment. */
    public void drainBriefly() throws IOException {
        socket.setSoTimeout(20);
        byte[] buffer = new byte[8192];
        try {
            while (in.read(buffer) >= 0) {
                // Of no interest.
            }
        } catch (SocketTimeoutException e) {
            // The server waits for more.
        }
    }

    /** Whether the server, which did nothing wrong in anyone's eyes, still answers. */
    public boolean isAnswered() throws IOException {
        send(0x81, "{\"type\":\"ping\",\"nonce\":\"still there\"}");
        return next().contains("still there");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
