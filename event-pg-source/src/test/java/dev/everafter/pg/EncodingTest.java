package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.EventLogException;
import dev.everafter.core.Filter;
import dev.everafter.core.ReadLimits;
import dev.everafter.testkit.PostgresFixture;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a database's encoding means for filters that it is asked. */
@Timeout(60)
class EncodingTest {
    private static Db database(String encoding) throws SQLException {
        Db any = Db.empty(PostgresFixture.shared());
        String name = any.texts("SELECT current_database() || '_encoded'").get(0);
        any.execute("CREATE DATABASE " + name + " ENCODING '" + encoding
                + "' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        return any.beside(name);
    }

    /** The read failed, time and again: whoever asked so never caught up. */
    @Test
    void shouldReadByAFilterWithACharacterThatTheDatabaseCannotHold() throws SQLException {
        Db db = database("LATIN1");
        LogSchema.of(db.source).install();
        db.execute("SELECT everafter.emit('t\u00e9', 'x', '{}')");
        try (PgEventLog log = db.log().build()) {
            Filter filter = Filter.or(Filter.topic("\u20ac"), Filter.topic("t\u00e9"));
            List<Event> events = log.read(0, db.number("SELECT everafter.head()"), filter, new ReadLimits(10, 1_000))
                    .events();
            assertEquals(List.of("t\u00e9"), events.stream().map(Event::topic).toList());
        }
    }

    /** There a letter is as many characters as it has bytes, so the database would leave out what matches in memory. */
    @Test
    void shouldRefuseADatabaseThatDoesNotKnowItsCharacters() throws SQLException {
        Db db = database("SQL_ASCII");
        String message = String.valueOf(assertThrows(
                        EventLogException.class, () -> LogSchema.of(db.source).install())
                .getMessage());
        assertTrue(message.contains("SQL_ASCII"), message);
    }
}
