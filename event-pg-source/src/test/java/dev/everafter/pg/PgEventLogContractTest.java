package dev.everafter.pg;

import com.zaxxer.hikari.HikariDataSource;
import dev.everafter.core.EventLog;
import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.core.RawJson;
import dev.everafter.testkit.EventLogContract;
import dev.everafter.testkit.EventLogSubject;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;

class PgEventLogContractTest extends EventLogContract {
    @Override
    protected EventLogSubject open() throws Exception {
        return new Subject(Db.installed(PostgresFixture.shared()));
    }

    private static final class Subject implements EventLogSubject {
        private final Db db;
        private final HikariDataSource pool = new HikariDataSource();
        private final PgEventLog log;

        Subject(Db db) throws SQLException {
            this.db = db;
            pool.setJdbcUrl(db.url);
            pool.setMaximumPoolSize(8);
            pool.setMinimumIdle(0);
            this.log = db.log().dataSource(pool).build();
            db.execute("CREATE TABLE orders (id int PRIMARY KEY, state text, city text)");
            LogSchema.of(db.source).capture("orders");
        }

        @Override
        public EventLog log() {
            return log;
        }

        @Override
        public void append(String topic, List<RawJson> data) throws SQLException {
            try (Connection connection = emitted(topic, data)) {
                connection.commit();
            }
        }

        @Override
        public void rollBack(String topic, List<RawJson> data) throws SQLException {
            try (Connection connection = emitted(topic, data)) {
                // so that a place was taken
                Db.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
                connection.rollback();
            }
        }

        private Connection emitted(String topic, List<RawJson> data) throws SQLException {
            Connection connection = pool.getConnection();
            connection.setAutoCommit(false);
            for (RawJson one : data) {
                LogSchema.emit(connection, topic, "test", one, null);
            }
            return connection;
        }

        @Override
        public void change(Change change) throws SQLException {
            String row = change.data().map(RawJson::toString).orElse("{}");
            String id = change.key().map(RawJson::toString).orElseThrow();
            switch (change.type()) {
                case "insert" ->
                    change("INSERT INTO orders SELECT * FROM jsonb_populate_record(null::orders, ?::jsonb)", row);
                case "update" ->
                    change(
                            "UPDATE orders o SET state = r.state, city = r.city"
                                    + " FROM jsonb_populate_record(null::orders, ?::jsonb) r WHERE o.id = r.id",
                            row);
                default ->
                    change(
                            "DELETE FROM orders o USING jsonb_populate_record(null::orders, ?::jsonb) r WHERE o.id = r.id",
                            id);
            }
        }

        private void change(String sql, String json) throws SQLException {
            try (Connection connection = db.connect();
                    PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, json);
                statement.executeUpdate();
            }
        }

        @Override
        public void prune(long upTo) throws SQLException {
            try (Connection connection = db.connect()) {
                connection.setAutoCommit(false);
                Db.execute(connection, "UPDATE everafter.retained SET oldest = " + upTo);
                deleteWhere(connection, "<=", upTo);
                connection.commit();
            }
        }

        @Override
        public void rewind(long fork) throws SQLException {
            try (Connection connection = db.connect()) {
                connection.setAutoCommit(false);
                deleteWhere(connection, ">", fork);
                Db.execute(connection, "SELECT everafter.new_epoch(" + fork + ")");
                connection.commit();
            }
        }

        private static void deleteWhere(Connection connection, String operator, long id) throws SQLException {
            Db.execute(
                    connection,
                    "DELETE FROM everafter.event e USING everafter.commit_log c WHERE e.seg = c.seg"
                            + " AND c.part = (e.n - 1) >> 8 AND c.id * 256 + ((e.n - 1) & 255) " + operator + id,
                    "DELETE FROM everafter.commit_log c WHERE NOT EXISTS"
                            + " (SELECT FROM everafter.event e WHERE e.seg = c.seg AND c.part = (e.n - 1) >> 8)");
        }

        @Override
        public void close() {
            log.close();
            pool.close();
        }
    }
}
