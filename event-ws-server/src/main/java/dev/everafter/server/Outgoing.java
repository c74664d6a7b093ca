package dev.everafter.server;

/** A message ready to be sent, and how many events are in it. */
record Outgoing(String text, int events) {
    static Outgoing of(String text) {
        return new Outgoing(text, 0);
    }
}
