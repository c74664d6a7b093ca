package dev.everafter.pg;

import dev.everafter.testkit.PostgresFixture;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * What a client sees of a connection pooler: it hands on everything, but that the key to cancel by is its own, since the
 * server's would be another client's a moment later.
 */
final class Pooler implements AutoCloseable {
    private final ServerSocket listening;
    private final int target;
    private final List<Socket> open = new ArrayList<>();

    private Pooler(ServerSocket listening, int target) {
        this.listening = listening;
        this.target = target;
    }

    static Pooler before(PostgresFixture server) throws IOException {
        Pooler pooler = new Pooler(new ServerSocket(0, 10, InetAddress.getLoopbackAddress()), server.port());
        start(pooler::accept);
        return pooler;
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = keep(listening.accept());
            Socket server = keep(new Socket(InetAddress.getLoopbackAddress(), target));
            start(() -> client.getInputStream().transferTo(server.getOutputStream()));
            start(() -> answer(server.getInputStream(), client));
        }
    }

    /** PostgreSQL manual, "Message Formats": BackendKeyData is 'K', its length, the process id, the key. */
    private static void answer(InputStream server, Socket client) throws IOException {
        DataInputStream in = new DataInputStream(server);
        DataOutputStream out = new DataOutputStream(client.getOutputStream());
        byte kind;
        do {
            kind = in.readByte();
            int length = in.readInt();
            byte[] body = in.readNBytes(length - 4);
            out.writeByte(kind);
            out.writeInt(length);
            if (kind == 'K') {
                body[0] ^= 0x40;
            }
            out.write(body);
        } while (kind != 'K');
        in.transferTo(out);
    }

    private synchronized Socket keep(Socket socket) {
        open.add(socket);
        return socket;
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void start(Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (IOException e) {
                        // closed
                    }
                },
                "pooler");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public synchronized void close() throws IOException {
        listening.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
