package dev.everafter.pg;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Opens the session that follows the log: a plain pgjdbc connection to the primary, used for nothing else. It must not
 * come from a pool, nor go through a transaction pooler, which would hand one client's locks to another. It should have
 * pgjdbc's {@code socketTimeout} set: a server that hangs while it is connected to is not noticed otherwise.
 */
@FunctionalInterface
public interface TailConnection {
    /** Opens a new connection each time; the caller closes it. */
    Connection open() throws SQLException;
}
