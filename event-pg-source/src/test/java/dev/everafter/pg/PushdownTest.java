package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.FilterText;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Selection;
import dev.everafter.testkit.FilterCoverage;
import dev.everafter.testkit.FiltersPage;
import dev.everafter.testkit.FiltersPage.Example;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.RandomFilters;
import dev.everafter.testkit.Seed;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** PostgreSQL and memory give the same answers. {@code -Dpg=15} asks an older server. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PushdownTest {
    private final Db db = Db.installed(PostgresFixture.shared());
    private Connection connection;

    @BeforeEach
    void connect() throws SQLException {
        connection = db.connect();
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    @Test
    void shouldAgreeWithMemoryOnTwentyThousandPairs() throws SQLException {
        compare(Seed.random("shouldAgreeWithMemoryOnTwentyThousandPairs"), 1, 60, 340);
    }

    @Test
    @Tag("stress")
    void shouldAgreeWithMemoryOnAQuarterMillionPairs() throws SQLException {
        compare(Seed.random("shouldAgreeWithMemoryOnAQuarterMillionPairs"), 10, 60, 420);
    }

    private void compare(Random chance, int rounds, int eventsEach, int filtersEach) throws SQLException {
        RandomFilters random = new RandomFilters(chance);
        FilterCoverage coverage = new FilterCoverage();
        int pairs = 0;
        int matches = 0;
        int beyond = 0;
        for (int round = 0; round < rounds; round++) {
            List<Event> events = new ArrayList<>();
            for (int i = 0; i < eventsEach; i++) {
                events.add(stored(random.event(0)));
            }
            for (int i = 0; i < filtersEach; i++) {
                Filter filter = i % 2 == 0 ? random.condition() : random.filter(3);
                beyond += assertAgree(filter, events).size();
                matches += matching(filter, events).size();
                pairs += events.size();
                coverage.count(filter, events.get(i % events.size()));
            }
        }
        System.out.println(pairs + " pairs, " + matches + " matches, and " + beyond
                + " that only memory told from one\n" + coverage);
        assertTrue(matches > pairs / 20 && matches < pairs - pairs / 20, "a test of nothing");
    }

    /** In this one, {@code lower} makes two characters of one, and small letters come before capital ones. */
    @Test
    void shouldAgreeWithMemoryWhateverTheLocale() throws SQLException {
        assumeTrue(number("SHOW server_version_num") >= 150_000, "before PostgreSQL 15 a database has no ICU locale");
        String name = db.texts("SELECT current_database() || '_english'").get(0);
        db.execute("CREATE DATABASE " + name
                + " TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en'");
        Db english = db.beside(name);
        LogSchema.of(english.source).install();
        connection.close();
        connection = english.connect();
        assertEquals(1, number("SELECT ('a' < 'Z')::int"));
        assertAgreesOnCase();
        compare(Seed.random("shouldAgreeWithMemoryWhateverTheLocale"), 1, 60, 100);
    }

    @Test
    void shouldAgreeWithMemoryOnCase() throws SQLException {
        assertAgreesOnCase();
    }

    /** Each letter that Unicode folds to an ASCII one, and all that {@code lower} might change in length. */
    private void assertAgreesOnCase() throws SQLException {
        List<String> letters =
                List.of("i", "I", "\u0130", "\u0131", "k", "K", "\u212a", "s", "S", "\u017f", "\u00c9", "x", "Z");
        List<Event> events = new ArrayList<>();
        for (String letter : letters) {
            events.add(stored(Event.builder(1, "t", letter)
                    .data(RawJson.of("{\"a\":\"" + letter + "\"}"))
                    .build()));
        }
        for (String letter : letters) {
            for (String pattern : List.of(letter, letter + "%", "_", "%" + letter)) {
                for (String asked : List.of("data.a ilike", "type ilike", "any ilike", "data.a like", "data.a <=")) {
                    Filter filter = FilterText.parse(asked + " '" + pattern + "'");
                    assertAgree(filter, events);
                    assertAgree(Filter.not(filter), events);
                }
            }
        }
    }

    /** Which of them the database finds that memory doesn't. */
    private Set<Long> assertAgree(Filter filter, List<Event> events) throws SQLException {
        Set<Long> found = found(filter, events);
        Set<Long> wanted = matching(filter, events);
        assertTrue(found.containsAll(wanted), () -> "the database misses some of " + FilterText.of(filter));
        if (Pushdown.of(filter).inexact().isEmpty()) {
            assertEquals(wanted, found, () -> FilterText.of(filter) + " of " + events);
        }
        found.removeAll(wanted);
        return found;
    }

    /** The database takes a mark for an object; that may let through too much, never too little. */
    @Test
    void shouldMissNothingWhereAValueWasNotCaptured() throws SQLException {
        RandomFilters random = new RandomFilters(Seed.random("shouldMissNothingWhereAValueWasNotCaptured"));
        List<Event> events = new ArrayList<>();
        for (String mark : List.of("{\"everafter:omitted\": 2000000}", "{\"everafter:text\": \"1e999999\"}")) {
            events.add(stored(Event.builder(1, "a", "b")
                    .key(RawJson.of("{\"a\": 1}"))
                    .data(RawJson.of("{\"a\": " + mark + ", \"b\": 1}"))
                    .old(RawJson.of("{\"a\": 1}"))
                    .build()));
            events.add(stored(Event.builder(1, "a", "b")
                    .data(RawJson.of("{\"a\": 1, \"deep\": {\"a\": " + mark + "}}"))
                    .old(RawJson.of("{\"a\": " + mark + "}"))
                    .build()));
        }
        int wanted = 0;
        for (int i = 0; i < 200; i++) {
            Filter filter = random.filter(2);
            Set<Long> matching = matching(filter, events);
            assertTrue(found(filter, events).containsAll(matching), () -> FilterText.of(filter));
            wanted += matching.size();
        }
        assertTrue(wanted > 50, "a test of nothing: " + wanted);
    }

    @Test
    void shouldGiveTheResultsThatThePageGives() throws SQLException, IOException {
        for (Example example : FiltersPage.examples()) {
            if (!example.json().contains("\"id\":12")) {
                List<Event> event = List.of(stored(example.event(0)));
                boolean found = (isTruncate(event.get(0))
                                || !found(example.filter(), event).isEmpty())
                        && Selection.of(example.filter()).select(event.get(0)).isPresent();
                assertEquals(example.result() != FiltersPage.Result.no, found, example::toString);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        topic = 'a'                                | exact
        data.x < 1 and not data.y = 'b'            | exact
        data.x > time '2026-11-24'                 | exact
        data.x ilike 'abc%'                        | exact
        any like '%a%'                             | exact
        data.x ilike 'abc%i'                       | superset
        topic = 'a' and not data.x ilike '\u00e9'  | superset
        """)
    void shouldSayHowExactItIs(String filter, String answer) {
        String explained = PgEventLog.explain(FilterText.parse(filter));
        assertTrue(explained.startsWith(answer + ":"), explained);
    }

    /** What a client asks for is never text in the statement. */
    @Test
    void shouldGiveAllThatIsAskedForAsParameters() {
        RandomFilters random = new RandomFilters(Seed.random("shouldGiveAllThatIsAskedForAsParameters"));
        for (int i = 0; i < 500; i++) {
            Pushdown pushdown = Pushdown.of(random.filter(3));
            long marks = pushdown.where()
                    .sql()
                    .replaceAll("'[^']*'", "")
                    .chars()
                    .filter(c -> c == '?')
                    .count();
            assertEquals(pushdown.where().parameters().size(), marks);
        }
        String nasty = "zzz'; DROP TABLE everafter.event; --";
        assertTrue(!Pushdown.of(Filter.topic(nasty)).where().sql().contains("zzz"));
    }

    @Test
    void shouldLetEverythingThroughWhenAStatementCannotTakeTheFilter() {
        Filter[] many = new Filter[12_000];
        for (int i = 0; i < many.length; i++) {
            many[i] = FilterText.parse("data.x" + i + " like '%a'");
        }
        assertTrue(Pushdown.of(Filter.or(many)).isEmpty());
    }

    // the database's side

    /** The event as the log holds it, with the id that it got. */
    private Event stored(Event event) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO everafter.event (seg, n, topic, type, key, data, old, first)"
                        + " SELECT coalesce(max(seg), 0) + 1, 1, ?, ?, ?::jsonb, ?::jsonb, ?::jsonb, true FROM everafter.event")) {
            insert.setString(1, event.topic());
            insert.setString(2, event.type());
            insert.setString(3, event.key().map(RawJson::toString).orElse(null));
            insert.setString(4, event.data().map(RawJson::toString).orElse(null));
            insert.setString(5, event.old().map(RawJson::toString).orElse(null));
            insert.executeUpdate();
        }
        try (PreparedStatement at = connection.prepareStatement(
                "UPDATE everafter.commit_log SET at = ? WHERE id = (SELECT max(id) FROM everafter.commit_log)")) {
            at.setObject(1, event.at().atOffset(ZoneOffset.UTC));
            at.executeUpdate();
        }
        long id = 256 * number("SELECT max(id) FROM everafter.commit_log");
        return EventQuery.read(connection, id - 1, id, new ReadLimits(10, 1 << 20))
                .events()
                .get(0);
    }

    private long number(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private Set<Long> found(Filter filter, List<Event> events) throws SQLException {
        Pushdown pushdown = Pushdown.of(filter);
        long first = events.get(0).id() >> 8;
        long last = events.get(events.size() - 1).id() >> 8;
        String sql = "SELECT c.id * 256 + ((v.n - 1) & 255) FROM everafter.commit_log c"
                + " JOIN everafter.event v ON v.seg = c.seg AND (v.n - 1) >> 8 = c.part WHERE c.id BETWEEN " + first
                + " AND " + last + " AND ";
        try (PreparedStatement select =
                connection.prepareStatement(sql + pushdown.where().sql())) {
            pushdown.where().bind(select, 1);
            Set<Long> ids = new HashSet<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getLong(1));
                }
            }
            events.stream().filter(PushdownTest::isTruncate).map(Event::id).forEach(ids::remove);
            return ids;
        }
    }

    private static Set<Long> matching(Filter filter, List<Event> events) {
        Selection selection = Selection.of(filter);
        Set<Long> ids = new HashSet<>();
        for (Event event : events) {
            if (!isTruncate(event) && selection.select(event).isPresent()) {
                ids.add(event.id());
            }
        }
        return ids;
    }

    /** Sent whatever is asked: memory knows whom it concerns. */
    private static boolean isTruncate(Event event) {
        return event.type().equals("truncate")
                && event.key().isEmpty()
                && event.data().isEmpty()
                && event.old().isEmpty();
    }
}
