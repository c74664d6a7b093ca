package dev.everafter.pg;

import com.zaxxer.hikari.HikariDataSource;
import dev.everafter.core.Event;
import dev.everafter.core.EventLog;
import dev.everafter.core.Filter;
import dev.everafter.core.LogRange;
import dev.everafter.core.LogStatus;
import dev.everafter.core.Page;
import dev.everafter.core.RawJson;
import dev.everafter.core.ReadLimits;
import dev.everafter.core.Start;
import dev.everafter.core.StartFrom;
import dev.everafter.core.TailUpdate;
import dev.everafter.core.Tailer;
import dev.everafter.testkit.EventLogContract;
import dev.everafter.testkit.EventLogSubject;
import dev.everafter.testkit.PostgresFixture;
import jakarta.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

/**
 * What an adopted table can keep of the contract, by a role that has SELECT on it and nothing else: no images before, no transactions kept together, no rewind that nothing
 * but the log knows of. The contract's topics and data are columns here.
 */
class AdoptedLogContractTest extends EventLogContract {
    @Override
    protected EventLogSubject open() throws Exception {
        return new Subject(Adopted.on(PostgresFixture.shared(), Adopted.READER));
    }

    private static final class Subject implements EventLogSubject {
        private final HikariDataSource writers = new HikariDataSource();
        private final HikariDataSource readers = new HikariDataSource();
        private final Adopted adopted;
        private final EventLog log;

        Subject(Adopted adopted) {
            this.adopted = adopted;
            writers.setDataSource(adopted.db.source);
            readers.setDataSource(adopted.source());
            for (HikariDataSource pool : List.of(writers, readers)) {
                pool.setMaximumPoolSize(8);
                pool.setMinimumIdle(0);
            }
            this.log = new AsWritten(adopted.log().dataSource(readers).build());
        }

        @Override
        public EventLog log() {
            return log;
        }

        @Override
        public boolean keepsTransactionsTogether() {
            return false;
        }

        @Override
        public void append(String topic, List<RawJson> data) throws SQLException {
            try (Connection connection = inserted(topic, data)) {
                connection.commit();
            }
        }

        @Override
        public void rollBack(String topic, List<RawJson> data) throws SQLException {
            try (Connection connection = inserted(topic, data)) {
                connection.rollback();
            }
        }

        private Connection inserted(String topic, List<RawJson> data) throws SQLException {
            Connection connection = writers.getConnection();
            connection.setAutoCommit(false);
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO logs (topic, data) VALUES (?, ?::jsonb)")) {
                for (RawJson one : data) {
                    insert.setString(1, topic);
                    insert.setString(2, one.toString());
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            return connection;
        }

        @Override
        public void prune(long upTo) throws SQLException {
            adopted.db.execute("DELETE FROM logs WHERE id <= " + upTo);
        }

        @Override
        public void close() {
            log.close();
            readers.close();
            writers.close();
        }
    }

    /** Shows rows as the events that were appended. */
    private record AsWritten(EventLog log) implements EventLog {
        private static List<Event> written(List<Event> events) {
            return events.stream().map(AsWritten::written).toList();
        }

        private static Event written(Event event) {
            JsonObject row = event.data().orElseThrow().parse().asJsonObject();
            return Event.builder(event.id(), row.getString("topic"), "test")
                    .at(event.at())
                    .data(RawJson.of(row.getJsonObject("data").toString()))
                    .last(event.last())
                    .build();
        }

        @Override
        public LogRange range() {
            return log.range();
        }

        /** A filter on what was appended can't be asked of the rows: that is {@link AdoptedLogTest}'s. */
        @Override
        public Page read(long after, long upTo, Filter filter, ReadLimits limits) {
            Page page = log.read(after, upTo, Filter.all(), limits);
            return new Page(page.epoch(), page.oldest(), written(page.events()), page.scannedTo());
        }

        @Override
        public Start resolve(StartFrom from) {
            return log.resolve(from);
        }

        @Override
        public Tailer tailer() {
            Tailer tailer = log.tailer();
            return new Tailer() {
                @Override
                public TailUpdate next() throws InterruptedException {
                    TailUpdate update = tailer.next();
                    return update instanceof TailUpdate.Advanced advanced
                            ? new TailUpdate.Advanced(written(advanced.events()), advanced.head())
                            : update;
                }

                @Override
                public void close() {
                    tailer.close();
                }
            };
        }

        @Override
        public LogStatus status() {
            return log.status();
        }

        @Override
        public void close() {
            log.close();
        }
    }
}
