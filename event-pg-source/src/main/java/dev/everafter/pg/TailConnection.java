package dev.everafter.pg;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.Driver;

/**
 * Opens the session that follows the log: a plain pgjdbc connection to the primary, used for nothing else. It must not
 * come from a pool, nor go through a transaction pooler, which would hand one client's locks to another. It should have
 * pgjdbc's {@code socketTimeout} set: a server that hangs while it is connected to is not noticed otherwise.
 */
@FunctionalInterface
public interface TailConnection {
    /** Opens a new connection each time; the caller closes it. */
    Connection open() throws SQLException;

    /**
     * Opens it by pgjdbc's own driver, with all of the driver's options: {@code sslmode} and its like, {@code user} and
     * {@code password}, a password file, a service. Connecting is given up after 10 s without an answer, unless {@code
     * socketTimeout} says otherwise.
     */
    static TailConnection of(String jdbcUrl, Properties properties) {
        Properties all = new Properties();
        all.setProperty("ApplicationName", "everafter tailer");
        all.setProperty("tcpKeepAlive", "true");
        // before a session is up, nothing else bounds the wait for a server that hangs
        all.setProperty("socketTimeout", Long.toString(SequenceSession.ANSWER.toSeconds()));
        all.putAll(properties);
        return () -> {
            Connection connection = new Driver().connect(jdbcUrl, all);
            if (connection == null) {
                throw new SQLException("no PostgreSQL JDBC URL: it must start with jdbc:postgresql:");
            }
            return connection;
        };
    }
}
