package dev.everafter.core;

import org.jspecify.annotations.Nullable;

/** Cursors that look at head and lane in either order, with something in between. */
public final class SabotagedCursors {
    private SabotagedCursors() {}

    /** In the right order: they look at the head, do what {@code between} does, and look at their lane. */
    public static void headBeforeLane(EventHub.Builder hub, Runnable between) {
        hub.cursors((dispatcher, coldReads, reader, listener, selection, from) ->
                new HubCursor(dispatcher, coldReads, reader, listener, selection, from) {
                    @Override
                    Head head() {
                        Head head = super.head();
                        between.run();
                        return head;
                    }
                });
    }

    /** In the wrong order. */
    public static void laneBeforeHead(EventHub.Builder hub, Runnable between) {
        hub.cursors((dispatcher, coldReads, reader, listener, selection, from) ->
                new HubCursor(dispatcher, coldReads, reader, listener, selection, from) {
                    private Lane.@Nullable View seen;

                    @Override
                    Head head() {
                        seen = super.view();
                        between.run();
                        return super.head();
                    }

                    @Override
                    Lane.@Nullable View view() {
                        return seen;
                    }
                });
    }
}
