package dev.everafter.client;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLServerSocket;

/**
 * A WebSocket server (RFC 6455) on a free loopback port that does nothing by itself: a test takes each connection, and
 * says what is sent and when it is cut. One thread accepts, one reads each connection.
 */
final class FakeServer implements AutoCloseable {
    private static final String ACCEPT_SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final String WELCOME =
            "{'type':'welcome','protocol':'everafter.v1','server':'fake','log':'l','epoch':'e1','head':0,'oldest':0,"
                    + "'heartbeatMs':10000,'limits':{},'news':[1]}";
    private static final long PATIENCE_SECONDS = 30;

    private final ServerSocket listening;
    private volatile int refuseWith;
    private volatile boolean hangsUp;
    private volatile boolean hasHungUp;
    private volatile boolean welcomesAtOnce;
    private final BlockingQueue<Connection> connections = new LinkedBlockingQueue<>();
    private final List<Connection> all = new ArrayList<>();

    private FakeServer(ServerSocket listening) {
        this.listening = listening;
    }

    static FakeServer start() {
        return start(ServerSocketFactory.getDefault());
    }

    /** Of TLS, where the factory makes such sockets. */
    static FakeServer start(ServerSocketFactory sockets) {
        try {
            FakeServer server = new FakeServer(sockets.createServerSocket(0, 50, InetAddress.getLoopbackAddress()));
            run("accept", server::acceptAll);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    URI uri() {
        String scheme = listening instanceof SSLServerSocket ? "wss" : "ws";
        return URI.create(scheme + "://127.0.0.1:" + listening.getLocalPort() + "/ws");
    }

    /** The next connection, once its handshake is done. */
    Connection accept() throws InterruptedException {
        Connection next = connections.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no connection within " + PATIENCE_SECONDS + " s");
        }
        return next;
    }

    /** The next connection, welcomed with a heartbeat of 60 s. */
    Connection acceptAndWelcome() throws Exception {
        Connection next = accept();
        next.welcome(60_000);
        return next;
    }

    /** Answers handshakes with this HTTP status from now on. */
    void refuseWith(int status) {
        refuseWith = status;
    }

    /** Closes connections once they have asked, without an answer ({@code true}), or answers again. */
    void hangUp(boolean silently) {
        hangsUp = silently;
    }

    boolean hasHungUp() {
        return hasHungUp;
    }

    /** Welcomes each client from now on in the same packet as the handshake's answer. */
    void welcomeAtOnce() {
        welcomesAtOnce = true;
    }

    boolean hasConnection() {
        return !connections.isEmpty();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        synchronized (all) {
            for (Connection connection : all) {
                connection.cut();
            }
        }
    }

    private void acceptAll() throws IOException {
        while (!listening.isClosed()) {
            Connection connection = new Connection(listening.accept());
            synchronized (all) {
                all.add(connection);
            }
            run("read", () -> {
                connection.readRequest();
                if (hangsUp) {
                    connection.socket.close();
                    hasHungUp = true;
                    return;
                }
                if (refuseWith != 0) {
                    connection.refuse(refuseWith);
                    return;
                }
                connection.handshake(welcomesAtOnce);
                connections.add(connection);
                connection.readAll();
            });
        }
    }

    private static void run(String name, Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // A cut, by this side or the other: what the test is about.
                    }
                },
                "fake-server-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    private interface Task {
        void run() throws IOException;
    }

    /** One client's connection. */
    static final class Connection {
        private final Socket socket;
        private final DataInputStream in;
        private final BlockingQueue<JsonObject> received = new LinkedBlockingQueue<>();
        private final BlockingQueue<Integer> closes = new LinkedBlockingQueue<>();
        private String request = "";
        private volatile boolean ignoresCloses;
        private volatile boolean answersPings = true;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        }

        /** The handshake's request line and headers. */
        String request() {
            return request;
        }

        /** The next message of {@code type}; acknowledgements and pings in between are passed over. */
        JsonObject expect(String type) throws InterruptedException {
            while (true) {
                JsonObject next = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (next == null) {
                    throw new AssertionError("no " + type + " within " + PATIENCE_SECONDS + " s");
                }
                if (next.getString("type").equals(type)) {
                    return next;
                }
                if (!Set.of("ack", "ping").contains(next.getString("type"))) {
                    throw new AssertionError("expected " + type + ", got " + next);
                }
            }
        }

        /** The next acknowledgement's position. */
        long nextAck() throws InterruptedException {
            JsonObject next = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (next == null || !next.getString("type").equals("ack")) {
                throw new AssertionError("expected ack, got " + next);
            }
            return next.getJsonNumber("at").longValueExact();
        }

        /** Lets a close frame go unanswered from now on. */
        void ignoreCloses() {
            ignoresCloses = true;
        }

        /** Leaves pings to the test from now on. */
        void answerNoPings() {
            answersPings = false;
        }

        /** Messages that came and were not asked for yet. */
        List<JsonObject> unread() {
            return List.copyOf(received);
        }

        /** The code of the client's close frame; 1006 if the connection ended without one. */
        int closeCode() throws InterruptedException {
            Integer code = closes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (code == null) {
                throw new AssertionError("no close within " + PATIENCE_SECONDS + " s");
            }
            return code;
        }

        void welcome(long heartbeatMs) throws IOException {
            send(WELCOME.replace("10000", Long.toString(heartbeatMs)));
        }

        void subscribed(JsonObject subscribe, long ref, String epoch, long after) throws IOException {
            send("{'type':'subscribed','sub':'" + subscribe.getString("sub") + "','ref':" + ref + ",'after':" + after
                    + ",'epoch':'" + epoch + "','head':0}");
        }

        /** Sends events with the given ids. */
        void events(long ref, long after, long to, long... ids) throws IOException {
            StringBuilder items = new StringBuilder();
            for (long id : ids) {
                items.append(items.isEmpty() ? "" : ",").append(item(id));
            }
            send("{'type':'events','ref':" + ref + ",'after':" + after + ",'to':" + to + ",'items':[" + items + "]}");
        }

        static String item(long id) {
            return "{'id':" + id + ",'at':'2026-11-24T00:00:00.000001Z','topic':'t','type':'insert','data':{'n':" + id
                    + "},'last':true}";
        }

        /**
         * Sends {@code json}, in which ' stands for ". It may be lost: a client that has dropped the connection for the
         * message before takes no more. A test that needs this one to arrive waits for what it causes.
         */
        void send(String json) throws IOException {
            frame(1, json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        }

        void close(int code, String reason) throws IOException {
            byte[] text = reason.getBytes(StandardCharsets.UTF_8);
            frame(
                    8,
                    ByteBuffer.allocate(2 + text.length)
                            .putShort((short) code)
                            .put(text)
                            .array());
            try {
                socket.shutdownOutput();
            } catch (SocketException answered) {
                // the client was quicker, and the socket is closed already
            }
        }

        /** Ends the connection without a word. */
        void cut() throws IOException {
            try {
                socket.setSoLinger(true, 0);
            } catch (SocketException gone) {
                // the reading thread has closed it already
            }
            socket.close();
        }

        private synchronized void frame(int opcode, byte[] payload) throws IOException {
            try {
                OutputStream out = socket.getOutputStream();
                out.write(frameBytes(opcode, payload));
                out.flush();
            } catch (SocketException e) {
                // The client is gone: its right, and often what the test is about.
            }
        }

        private static byte[] frameBytes(int opcode, byte[] payload) {
            ByteBuffer frame = ByteBuffer.allocate(payload.length + 10).put((byte) (0x80 | opcode));
            if (payload.length < 126) {
                frame.put((byte) payload.length);
            } else if (payload.length < 65536) {
                frame.put((byte) 126).putShort((short) payload.length);
            } else {
                frame.put((byte) 127).putLong(payload.length);
            }
            return Arrays.copyOf(frame.put(payload).array(), frame.position());
        }

        private void refuse(int status) throws IOException {
            String answer = "HTTP/1.1 " + status + " No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
            socket.close();
        }

        private void readRequest() throws IOException {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                head.append((char) in.readUnsignedByte());
            }
            request = head.toString();
        }

        private void handshake(boolean andWelcome) throws IOException {
            String key = header("Sec-WebSocket-Key");
            String answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: " + accept(key) + "\r\n"
                    + "Sec-WebSocket-Protocol: " + header("Sec-WebSocket-Protocol") + "\r\n\r\n";
            ByteArrayOutputStream packet = new ByteArrayOutputStream();
            packet.writeBytes(answer.getBytes(StandardCharsets.US_ASCII));
            if (andWelcome) {
                packet.writeBytes(frameBytes(1, WELCOME.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
            }
            socket.getOutputStream().write(packet.toByteArray());
        }

        String header(String name) {
            return request.lines()
                    .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .findFirst()
                    .orElse("");
        }

        private static String accept(String key) {
            try {
                byte[] hash = MessageDigest.getInstance("SHA-1")
                        .digest((key + ACCEPT_SALT).getBytes(StandardCharsets.US_ASCII));
                return Base64.getEncoder().encodeToString(hash);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        private void readAll() throws IOException {
            try {
                while (true) {
                    int opcode = in.readUnsignedByte() & 0x0f;
                    byte[] payload = payload();
                    if (opcode == 1) {
                        take(Json.createReader(new StringReader(new String(payload, StandardCharsets.UTF_8)))
                                .readObject());
                    } else if (opcode == 8) {
                        closes.add(
                                payload.length < 2
                                        ? 1005
                                        : (int) ByteBuffer.wrap(payload).getShort());
                        if (!ignoresCloses) {
                            frame(8, payload);
                            socket.close();
                            return;
                        }
                    } else if (opcode == 9) {
                        frame(10, payload);
                    }
                }
            } catch (EOFException | SocketException e) {
                closes.add(1006);
            }
        }

        private void take(JsonObject message) throws IOException {
            if (answersPings && message.getString("type").equals("ping")) {
                send("{'type':'pong'}");
            } else {
                received.add(message);
            }
        }

        private byte[] payload() throws IOException {
            long length = in.readUnsignedByte() & 0x7f;
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = in.readLong();
            }
            byte[] mask = in.readNBytes(4);
            byte[] payload = in.readNBytes((int) length);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= mask[i % 4];
            }
            return payload;
        }
    }
}
