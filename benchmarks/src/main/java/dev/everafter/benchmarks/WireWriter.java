package dev.everafter.benchmarks;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * One database session that runs one statement over and over, each time as a transaction of its own, for less CPU than
 * any driver: PostgreSQL's extended protocol (manual, chapter "Frontend/Backend Protocol") with the messages made once.
 *
 * <p>For one thread.
 */
final class WireWriter implements AutoCloseable {
    private static final int PROTOCOL_3 = 3 << 16;

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final byte[] execute;

    /**
     * Prepares {@code sql}, which has no parameters.
     *
     * @param settings the session's, as {@code -c name=value}
     */
    WireWriter(int port, String database, String settings, String sql) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = socket.getOutputStream();
        ByteArrayOutputStream startup = new ByteArrayOutputStream();
        DataOutputStream body = new DataOutputStream(startup);
        body.writeInt(PROTOCOL_3);
        for (String text : new String[] {"user", "postgres", "database", database, "options", settings, ""}) {
            string(body, text);
        }
        message(out, "", startup.toByteArray());
        awaitReady();
        message(out, "P", strings("", sql, new byte[2]));
        message(out, "S", new byte[0]);
        awaitReady();
        ByteArrayOutputStream once = new ByteArrayOutputStream();
        message(once, "B", strings("", "", new byte[6]));
        message(once, "E", strings("", new byte[4]));
        message(once, "S", new byte[0]);
        execute = once.toByteArray();
    }

    /** Runs the statement, and returns when its transaction has committed. */
    void run() throws IOException {
        out.write(execute);
        awaitReady();
    }

    private void awaitReady() throws IOException {
        int type;
        do {
            type = in.readUnsignedByte();
            byte[] body = in.readNBytes(in.readInt() - 4);
            if (type == 'E') {
                throw new IOException("PostgreSQL says " + new String(body, StandardCharsets.UTF_8).replace('\0', ' '));
            }
        } while (type != 'Z');
    }

    private static void message(OutputStream to, String type, byte[] body) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(whole);
        data.writeBytes(type);
        data.writeInt(body.length + 4);
        data.write(body);
        to.write(whole.toByteArray());
    }

    /** Strings, and at last some bytes as they are. */
    private static byte[] strings(Object... parts) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream data = new DataOutputStream(body);
        for (Object part : parts) {
            if (part instanceof byte[] bytes) {
                data.write(bytes);
            } else {
                string(data, (String) part);
            }
        }
        return body.toByteArray();
    }

    private static void string(DataOutputStream to, String text) throws IOException {
        to.write(text.getBytes(StandardCharsets.UTF_8));
        to.write(0);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
