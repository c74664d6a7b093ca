package dev.everafter.benchmarks;

import dev.everafter.pg.LogSchema;
import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A PostgreSQL of its own, with PostgreSQL's own settings but for checkpoints, which would hit some rounds and not others.
 *
 * <p>Safe for use by any thread.
 */
final class Database implements AutoCloseable {
    private final PostgresFixture fixture;
    private final long postmaster;
    private final String version;

    private Database(PostgresFixture fixture) throws SQLException {
        this.fixture = fixture;
        try (Connection connection = DriverManager.getConnection(fixture.jdbcUrl())) {
            postmaster = Proc.parent(number(connection, "SELECT pg_backend_pid()"));
            version = connection.getMetaData().getDatabaseProductVersion();
        }
    }

    static Database start() throws SQLException {
        PostgresFixture fixture = PostgresFixture.builder()
                .durable()
                .setting("shared_buffers", "128MB")
                .setting("max_wal_size", "8GB")
                .setting("checkpoint_timeout", "1h")
                .build();
        try {
            return new Database(fixture);
        } catch (SQLException | RuntimeException e) {
            fixture.close();
            throw e;
        }
    }

    String version() {
        return version;
    }

    int port() {
        return fixture.port();
    }

    /** A new database with the log installed; its JDBC URL. */
    String newLog() {
        String url = fixture.newDatabase();
        LogSchema.of(fixture.dataSource(url)).install();
        return url;
    }

    /** The CPU of all its processes. */
    Proc.Cpu cpu() {
        return Proc.cpuOfTree(postmaster);
    }

    static Connection connect(String jdbcUrl) throws SQLException {
        return DriverManager.getConnection(jdbcUrl);
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static long number(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Writes numbered events in transactions of its own. For one thread. */
    static final class Emitter implements AutoCloseable {
        private final Connection connection;
        private final PreparedStatement emit;
        private long next = 1;

        Emitter(String jdbcUrl) throws SQLException {
            this(jdbcUrl, Payload.sql("s"));
        }

        /** @param data an SQL expression for the data of the event that {@code s} numbers */
        Emitter(String jdbcUrl, String data) throws SQLException {
            connection = connect(jdbcUrl);
            emit = connection.prepareStatement(
                    "SELECT count(everafter.emit('bench', 'tick', " + data + ")) FROM generate_series(?, ?) s");
        }

        /** The number of the event that will be written next. */
        long next() {
            return next;
        }

        Connection connection() {
            return connection;
        }

        /** One transaction of {@code events} events; or part of one, where autocommit is off. */
        void emit(int events) throws SQLException {
            emit.setLong(1, next);
            next += events;
            emit.setLong(2, next - 1);
            emit.execute();
        }

        @Override
        public void close() throws SQLException {
            connection.close();
        }
    }

    @Override
    public void close() {
        fixture.close();
    }
}
