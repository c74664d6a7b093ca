package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.RawJson;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Events of one's own, one by one and many at once; and reading one's own writes. */
class EmitTest extends Captured {
    @Test
    void shouldEmitManyInTheirOrderBetweenTheOthers() throws Exception {
        List<NewEvent> many = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            many.add(new NewEvent(
                    "a \"topic\"", "said", RawJson.of("[" + i + "]"), Optional.of(RawJson.of("{\"id\":" + i + "}"))));
        }
        connection.setAutoCommit(false);
        LogSchema.emit(connection, "e", "before", RawJson.of("1"), null);
        LogSchema.emit(connection, many);
        LogSchema.emit(connection, List.of());
        execute(insert(7));
        connection.commit();

        List<Event> events = events();
        assertEquals(602, events.size());
        assertEquals("before", events.get(0).type());
        for (int i = 0; i < 600; i++) {
            Event event = events.get(i + 1);
            assertEquals(
                    "a \"topic\" said [" + i + "] {\"id\": " + i + "}",
                    event.topic() + " " + event.type() + " " + text(event.data()) + " " + text(event.key()));
        }
        assertEquals("insert", events.get(601).type());
        assertEquals(1, events.stream().filter(Event::last).count());
    }

    @Test
    void shouldSplitManyWhereConstraintsAreImmediate() throws Exception {
        List<NewEvent> many = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            many.add(new NewEvent("e", "x", RawJson.of("{\"text\":\"" + "y".repeat(9000) + "\"}")));
        }
        execute("BEGIN", "SET CONSTRAINTS ALL IMMEDIATE");
        LogSchema.emit(connection, many);
        execute("COMMIT");
        // three calls of a mebibyte each at most
        assertEquals(3, events().stream().filter(Event::last).count());
    }

    @Test
    void shouldRefuseWhatIsNoEventAndNameItsPlace() {
        for (String events : List.of("{}", "3", "null")) {
            assertRefused("emit_all('" + events + "')", "not an array of events");
        }
        assertRefused("emit_all('[{\"topic\":\"a\",\"type\":\"b\"}, {\"topic\":\"a\"}]')", "element 2 is no event");
        assertRefused("emit_all('[{\"topic\":7,\"type\":\"b\"}]')", "element 1 is no event");
        assertRefused("emit_all(NULL)", "not an array of events");
    }

    @Test
    void shouldRefuseAnEventThatCouldNotBeReadAgain() {
        assertRefused("emit('t', 'x', to_jsonb(repeat('x', 70000000)))", "data must be below 64 MiB");
        assertRefused("emit('t', 'x', '1', to_jsonb(repeat('x', 2000000)))", "key, topic and type below 1 MiB");
        assertRefused("emit(repeat('t', 2000000), 'x', '1')", "key, topic and type below 1 MiB");
        assertRefused("emit('t', repeat('x', 2000000), '1')", "key, topic and type below 1 MiB");
    }

    /** Its size was that of what it was compressed to, and no reader got past an event of 420 MB of text. */
    @Test
    void shouldRefuseAnEventThatIsTooLargeButWasStoredCompressed() throws Exception {
        db.execute("CREATE TABLE stored (v jsonb)", "INSERT INTO stored VALUES (to_jsonb(repeat(chr(1), 70000000)))");
        assertTrue(db.number("SELECT pg_column_size(v) FROM stored") < 1 << 20, "compressed");
        assertRefused("emit('t', 'x', v) FROM stored", "data must be below 64 MiB");
        assertRefused("emit('t', 'x', '1', v) FROM stored", "key, topic and type below 1 MiB");
    }

    private void assertRefused(String call, String words) {
        String message = String.valueOf(assertThrows(SQLException.class, () -> db.execute("SELECT everafter." + call))
                .getMessage());
        assertTrue(message.contains("everafter.emit") && message.contains(words), message);
    }

    /** What head() gives is reached exactly when the caller's events have been delivered, whoever else is open. */
    @Test
    void shouldReachTheHeadWhenOnesOwnEventsHaveBeenDelivered() throws Exception {
        try (PgEventLog log = db.log().build();
                Tail tail = Tail.started(log);
                Connection open = db.connect()) {
            open.setAutoCommit(false);
            Db.execute(open, insert(1)); // commits later: delays nobody
            for (int i = 2; i < 12; i++) {
                execute(insert(i));
                long head = LogSchema.head(connection);
                tail.awaitHead(head);
                assertEquals(i - 1, tail.events().size());
            }
            open.commit();
            tail.awaitHead(LogSchema.head(open));
            assertEquals(11, tail.events().size());
        }
    }
}
