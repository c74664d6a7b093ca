package dev.everafter.pg;

import java.sql.SQLException;

/** Opens sessions that follow the log. Tests take their own, which leave a step out. */
@FunctionalInterface
interface TailSessions {
    TailSession open() throws SQLException;
}
