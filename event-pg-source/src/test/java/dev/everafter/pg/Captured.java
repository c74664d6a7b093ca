package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A captured table {@code t}, and a look at the events that come of it. */
@Timeout(60)
abstract class Captured {
    final Db db = Db.installed(PostgresFixture.shared());
    final LogSchema schema = LogSchema.of(db.source);
    private PgEventLog log;
    Connection connection;
    private long seen;

    @BeforeEach
    void open() throws SQLException {
        log = db.log().build();
        connection = db.connect();
        execute("CREATE TABLE t (id int PRIMARY KEY, v text, w numeric)");
        schema.capture("t");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
        log.close();
    }

    final void execute(String... statements) throws SQLException {
        Db.execute(connection, statements);
    }

    /** The events since the last call. */
    final List<Event> events() throws SQLException {
        long head = db.number("SELECT everafter.head()");
        List<Event> events = log.read(seen, head, Filter.all(), new ReadLimits(10_000, 1 << 26))
                .events();
        seen = head;
        assertEquals(
                0,
                db.number("SELECT count(*) FROM everafter.event e WHERE NOT EXISTS"
                        + " (SELECT FROM everafter.commit_log c WHERE c.seg = e.seg AND c.part = (e.n - 1) >> 8)"),
                "events without a place");
        return events;
    }

    /** As {@code type key}, with a full stop after each segment's last. */
    final String shapes() throws SQLException {
        StringBuilder shapes = new StringBuilder();
        for (Event event : events()) {
            String key = event.key().map(RawJson::toString).orElse("").replaceAll("[^0-9]", "");
            shapes.append(event.type().charAt(0)).append(key).append(event.last() ? "." : " ");
        }
        return shapes.toString();
    }

    static String insert(int id) {
        return "INSERT INTO t VALUES (" + id + ", 'v" + id + "', " + id + ")";
    }

    static String text(Optional<RawJson> json) {
        return json.map(RawJson::toString).orElse("-");
    }
}
