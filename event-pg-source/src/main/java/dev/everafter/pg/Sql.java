package dev.everafter.pg;

import dev.everafter.core.EventLogException;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads what PostgreSQL says, and says it with the way out. */
final class Sql {
    /** PostgreSQL manual, appendix A. */
    static final String LOCK_NOT_AVAILABLE = "55P03";

    static final String UNTRANSLATABLE_CHARACTER = "22P05";

    static final String INSUFFICIENT_PRIVILEGE = "42501";

    private Sql() {}

    static EventLogException explain(String what, SQLException e) {
        String hint = hint(e);
        return new EventLogException(what + ": " + e.getMessage() + (hint == null ? "" : " - " + hint), e);
    }

    private static @Nullable String hint(SQLException e) {
        if (e.getCause() instanceof SocketTimeoutException) {
            return "the server did not answer in time: it hangs, or the network between is silent";
        }
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        return switch (state) {
            case "3F000", "42P01", "42883", "42703" ->
                concernsLog(e)
                        ? "the log is not installed in this database, or older than this program: run `everafter capture`,"
                                + " or call LogSchema.install()"
                        : null;
            case "42501" ->
                concernsLog(e)
                        ? "the role needs USAGE on schema everafter and SELECT on its tables and sequences; following the log"
                                + " also INSERT and UPDATE on everafter.epoch and EXECUTE on everafter.new_epoch"
                        : null;
            case LOCK_NOT_AVAILABLE ->
                "another session holds the lock: look for a transaction that stays open, or try again later";
            default -> null;
        };
    }

    private static boolean concernsLog(SQLException e) {
        return String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("everafter")
                || "42501".equals(e.getSQLState());
    }
}
