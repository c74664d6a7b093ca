package dev.everafter.server;

import dev.everafter.core.Batch;
import dev.everafter.core.BatchEncoder;
import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Builds {@code events} messages out of the bytes that events already have: one copy per event, nothing is parsed and nothing
 * printed. A message depends on the subscription's {@code ref} and on what is shown alone, so those that agree in both share it.
 *
 * <p>No message is larger than {@code maxMessage} bytes. What doesn't fit in one goes into several, which continue each
 * other; an event that doesn't fit in one by itself goes without its data. Only where even id, topic and type are too
 * long is the limit passed, since an event is never left out.
 *
 * @param ref what the client knows the subscription by
 * @param maxMessage the most bytes of a message
 * @param rendering what is shown, if that never has to be waited for; empty for the events as they are given
 */
record EventsMessages(int ref, int maxMessage, Optional<Rendering> rendering)
        implements BatchEncoder<EventsMessages.Built> {
    /** Everything around the items, with three numbers of up to 16 digits, generously. */
    static final int ENVELOPE = 128;

    /** The bytes of items that a message of {@code maxMessage} bytes may hold, commas left out. */
    static int itemBytes(int maxMessage) {
        return maxMessage - ENVELOPE;
    }

    /**
     * A message, and where the client is once it has it.
     *
     * @param to the id up to which all has been said
     */
    record Part(Outgoing message, long to) {}

    /**
     * All messages of a batch.
     *
     * @param omitted the sizes of the events that are sent without their data
     */
    record Built(List<Part> parts, List<Integer> omitted) {
        Built {
            parts = List.copyOf(parts);
            omitted = List.copyOf(omitted);
        }
    }

    @Override
    public Built encode(Batch batch) {
        return encode(batch.after(), batch);
    }

    /** @param after where the client is, if that isn't where the batch begins */
    Built encode(long after, Batch batch) {
        List<Event> events = batch.events();
        List<Part> parts = new ArrayList<>(1);
        List<Integer> omitted = new ArrayList<>(0);
        int room = itemBytes(maxMessage);
        long from = after;
        int bytes = 0;
        List<RawJson> items = new ArrayList<>(events.size());
        for (int i = 0; i < events.size(); i++) {
            Event event = events.get(i);
            RawJson item = item(rendering.isPresent() ? rendering.get().now(event) : event, room, omitted);
            if (!items.isEmpty() && bytes + item.length() + 1 > room) {
                long end = events.get(i - 1).id();
                parts.add(message(from, end, items, bytes));
                from = end;
                bytes = 0;
                items.clear();
            }
            items.add(item);
            bytes += item.length() + 1;
        }
        parts.add(message(from, batch.to(), items, bytes));
        return new Built(parts, omitted);
    }

    @Override
    public long bytes(Built built) {
        return built.parts.stream().mapToLong(part -> part.message.size()).sum();
    }

    private static RawJson item(Event event, int room, List<Integer> omitted) {
        RawJson whole = event.item();
        if (whole.length() + 1 <= room) {
            return whole;
        }
        omitted.add(whole.length());
        RawJson withKey = without(event, event.key().isPresent());
        return withKey.length() + 1 <= room || event.key().isEmpty() ? withKey : without(event, false);
    }

    /** The event with a note of what is missing in place of its data. */
    private static RawJson without(Event event, boolean keepKey) {
        Event.Builder rest = Event.builder(event.id(), event.topic(), event.type())
                .at(event.at())
                .last(event.last())
                .left(event.left());
        event.tx().ifPresent(rest::tx);
        List<String> missing = new ArrayList<>();
        if (keepKey) {
            event.key().ifPresent(rest::key);
        } else if (event.key().isPresent()) {
            missing.add("\"key\"");
        }
        event.data().ifPresent(data -> missing.add("\"data\""));
        event.old().ifPresent(old -> missing.add("\"old\""));
        String note = ",\"omitted\":[" + String.join(",", missing) + "],\"bytes\":"
                + event.item().length() + "}";
        byte[] head = rest.build().item().toByteArray();
        byte[] tail = note.getBytes(StandardCharsets.US_ASCII);
        byte[] item = Arrays.copyOf(head, head.length - 1 + tail.length);
        System.arraycopy(tail, 0, item, head.length - 1, tail.length);
        return RawJson.ofUtf8(item);
    }

    private Part message(long after, long to, List<RawJson> items, int bytes) {
        String open = "{\"type\":\"events\",\"ref\":" + ref + ",\"after\":" + after + ",\"to\":" + to + ",\"items\":[";
        byte[] text = new byte[Outgoing.MAX_HEADER + open.length() + bytes + 1];
        int at = put(open, text, Outgoing.MAX_HEADER);
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                text[at++] = ',';
            }
            RawJson item = items.get(i);
            item.copyTo(text, at);
            at += item.length();
        }
        at = put("]}", text, at);
        return new Part(Outgoing.of(text, at, items.size()), to);
    }

    private static int put(String ascii, byte[] text, int at) {
        for (int i = 0; i < ascii.length(); i++) {
            text[at + i] = (byte) ascii.charAt(i);
        }
        return at + ascii.length();
    }
}
