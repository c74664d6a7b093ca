package dev.everafter.pg;

import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** A database with a table that is somebody else's, {@code public.logs}, and roles that may read it and no more. */
final class Adopted {
    /** May select from the table. */
    static final String READER = "adopted_reader";
    /** May also look at its sequence. */
    static final String COUNTER = "adopted_counter";

    static final String TABLE = "CREATE TABLE logs (id bigserial PRIMARY KEY, topic text, data jsonb, v text,"
            + " at timestamp DEFAULT (clock_timestamp() AT TIME ZONE 'UTC'))";

    final Db db;
    private final String role;

    private Adopted(Db db, String role) {
        this.db = db;
        this.role = role;
    }

    /** As the role that may look at the sequence as well. */
    static Adopted on(PostgresFixture server) throws SQLException {
        return on(server, COUNTER);
    }

    static Adopted on(PostgresFixture server, String role) throws SQLException {
        Db db = Db.empty(server);
        for (String each : new String[] {READER, COUNTER}) {
            db.execute("DO $$ BEGIN CREATE ROLE " + each
                    + " LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
        }
        Adopted adopted = new Adopted(db, role);
        adopted.create(TABLE);
        return adopted;
    }

    void create(String table) throws SQLException {
        db.execute(table);
        db.execute(
                "GRANT SELECT ON logs TO " + READER + ", " + COUNTER,
                "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO " + COUNTER);
    }

    String url() {
        return db.url.replace("user=postgres", "user=" + role);
    }

    /** As the reading role. */
    DataSource source() {
        return db.server.dataSource(url());
    }

    AdoptedLog.Builder log() {
        return AdoptedLog.builder("public.logs")
                .timeColumn("at")
                .dataSource(source())
                .tailer(TailConnection.of(url(), new java.util.Properties()));
    }

    /** Inserts in a transaction of its own. */
    void insert(String... values) throws SQLException {
        for (String value : values) {
            db.execute(insertSql(value));
        }
    }

    static String insertSql(String value) {
        return "INSERT INTO logs (v) VALUES ('" + value + "')";
    }

    static String insertSql(long id, String value) {
        return "INSERT INTO logs (id, v) VALUES (" + id + ", '" + value + "')";
    }

    /** A transaction that has inserted and not committed. */
    Connection inserted(String value) throws SQLException {
        Connection connection = db.connect();
        connection.setAutoCommit(false);
        Db.execute(connection, insertSql(value));
        return connection;
    }
}
