package dev.everafter.client;

import dev.everafter.core.Event;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what it is called with: {@code 7}, {@code gap 3..9}, {@code caughtUp 7}. */
class RecordingHandler implements EventHandler {
    final List<Object> calls = new CopyOnWriteArrayList<>();

    @Override
    public void onEvent(Event event) throws Exception {
        calls.add(event.id());
    }

    @Override
    public void onGap(Gap gap) {
        calls.add("gap " + gap.after() + ".." + gap.to());
    }

    @Override
    public void onCaughtUp(Position position) {
        calls.add("caughtUp " + position.id());
    }

    @Override
    public void onFellBehind(Position position) {
        calls.add("fellBehind " + position.id());
    }
}
