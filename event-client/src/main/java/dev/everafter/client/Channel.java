package dev.everafter.client;

/**
 * One subscription of one connection: what the server knows under the name {@code sub}. A worker gets a new one each time
 * it subscribes, and takes messages from that one alone, so nothing that an earlier connection left behind is handled.
 *
 * <p>Immutable and safe for use by any thread.
 */
record Channel(Socket socket, String sub, Worker worker) {
    boolean isOpen() {
        return socket.isOpen();
    }

    void subscribe(String message) {
        socket.send(message);
    }

    void ack(long at) {
        socket.ack(sub, at);
    }

    void unsubscribe() {
        socket.unsubscribe(sub);
    }
}
