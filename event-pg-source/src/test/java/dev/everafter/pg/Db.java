package dev.everafter.pg;

import dev.everafter.testkit.PostgresFixture;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.sql.DataSource;
import org.postgresql.Driver;

/** A fresh database with the log installed. */
final class Db {
    final PostgresFixture server;
    final String url;
    final DataSource source;

    private Db(PostgresFixture server, String url) {
        this.server = server;
        this.url = url;
        this.source = server.dataSource(url);
    }

    static Db empty(PostgresFixture server) {
        return new Db(server, server.newDatabase());
    }

    static Db installed(PostgresFixture server) {
        Db db = empty(server);
        LogSchema.of(db.source).install();
        return db;
    }

    /** The database of that name on the same server. */
    Db beside(String name) throws SQLException {
        return new Db(
                server, url.replace("/" + texts("SELECT current_database()").get(0), "/" + name));
    }

    Connection connect() throws SQLException {
        return source.getConnection();
    }

    PgEventLog.Builder log() {
        return log(() -> {}, () -> {});
    }

    /** One that leaves a step out. */
    PgEventLog.Builder log(Sabotage sabotage) {
        return log(sabotage, () -> {}, () -> {});
    }

    /** With something to do whenever the tailer is about to arm, and to list the holders of the sequence's lock. */
    PgEventLog.Builder log(Sabotage.Session.Hook beforeArming, Sabotage.Session.Hook beforeHolders) {
        return log(Sabotage.chosen(), beforeArming, beforeHolders);
    }

    PgEventLog.Builder log(Sabotage sabotage, Sabotage.Session.Hook beforeArming, Sabotage.Session.Hook beforeHolders) {
        return PgEventLog.builder().dataSource(source).sessions(sessions(sabotage, beforeArming, beforeHolders));
    }

    /** What a log opens its sessions with. */
    TailSessions sessions(Sabotage.Session.Hook beforeArming, Sabotage.Session.Hook beforeHolders) {
        return sessions(Sabotage.chosen(), beforeArming, beforeHolders);
    }

    private TailSessions sessions(
            Sabotage sabotage, Sabotage.Session.Hook beforeArming, Sabotage.Session.Hook beforeHolders) {
        TailConnection plain = () -> {
            Properties properties = new Properties();
            properties.setProperty("ApplicationName", "everafter tailer");
            return new Driver().connect(url, properties);
        };
        return () -> TailSession.open(
                plain, connection -> new Sabotage.Session(connection, sabotage, beforeArming, beforeHolders));
    }

    /** Each in a transaction of its own. */
    void execute(String... statements) throws SQLException {
        try (Connection connection = connect()) {
            execute(connection, statements);
        }
    }

    static void execute(Connection connection, String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    long number(String sql) throws SQLException {
        return Long.parseLong(texts(sql).get(0));
    }

    /** The first column of what {@code sql} finds. */
    List<String> texts(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }

    /** Ends the sessions that follow this log, as a fault would. */
    void cutTailers() throws SQLException {
        execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND application_name = 'everafter tailer'");
    }
}
