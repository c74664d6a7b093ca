package dev.everafter.server;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Builds {@code events} messages out of the bytes that events already have: one copy per event, nothing is parsed and
 * nothing printed. A message depends on the subscription's {@code ref} alone, so those that share a ref could share it.
 *
 * <p>No message is larger than {@code maxMessage} bytes. What doesn't fit in one goes into several, which continue each
 * other; an event that doesn't fit in one by itself goes without its data. Only where even id, topic and type are too
 * long is the limit passed, since an event is never left out.
 */
final class EventsMessages {
    /** Everything around the items, with three numbers of up to 16 digits, generously. */
    static final int ENVELOPE = 128;

    private EventsMessages() {}

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
     * All events of {@code (after, to]}.
     *
     * @param omitted told of the size of each event that is sent without its data
     */
    static List<Part> build(int ref, long after, long to, List<Event> events, int maxMessage, LongConsumer omitted) {
        List<Part> messages = new ArrayList<>(1);
        int room = itemBytes(maxMessage);
        long from = after;
        int first = 0;
        int bytes = 0;
        List<byte[]> items = new ArrayList<>(events.size());
        for (int i = 0; i < events.size(); i++) {
            Event event = events.get(i);
            byte[] item = item(event, room, omitted);
            if (i > first && bytes + item.length + 1 > room) {
                long end = events.get(i - 1).id();
                messages.add(message(ref, from, end, items, bytes));
                from = end;
                first = i;
                bytes = 0;
                items.clear();
            }
            items.add(item);
            bytes += item.length + 1;
        }
        messages.add(message(ref, from, to, items, bytes));
        return messages;
    }

    private static byte[] item(Event event, int room, LongConsumer omitted) {
        RawJson whole = event.item();
        if (whole.length() + 1 <= room) {
            return whole.toByteArray();
        }
        omitted.accept(whole.length());
        byte[] withKey = without(event, event.key().isPresent());
        return withKey.length + 1 <= room || event.key().isEmpty() ? withKey : without(event, false);
    }

    /** The event with a note of what is missing in place of its data. */
    private static byte[] without(Event event, boolean keepKey) {
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
        return item;
    }

    private static Part message(int ref, long after, long to, List<byte[]> items, int bytes) {
        String open = "{\"type\":\"events\",\"ref\":" + ref + ",\"after\":" + after + ",\"to\":" + to + ",\"items\":[";
        byte[] text = new byte[open.length() + bytes + 1];
        int at = put(open, text, 0);
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                text[at++] = ',';
            }
            byte[] item = items.get(i);
            System.arraycopy(item, 0, text, at, item.length);
            at += item.length;
        }
        at = put("]}", text, at);
        return new Part(new Outgoing(new String(text, 0, at, StandardCharsets.UTF_8), items.size()), to);
    }

    private static int put(String ascii, byte[] text, int at) {
        for (int i = 0; i < ascii.length(); i++) {
            text[at + i] = (byte) ascii.charAt(i);
        }
        return at + ascii.length();
    }
}
