package dev.everafter.testkit;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/**
 * The log against what its writers know, and against itself; all zero if both are right.
 *
 * @param missing rows that were committed, and have no event
 * @param invented rows that were rolled back, and have one
 * @param unplaced events without a commit row
 * @param torn holes in a transaction's numbering
 * @param disordered events of a transaction that are not in the order it wrote them
 * @param unjoined updates of an account that don't follow on the one before
 */
public record LedgerAudit(int missing, int invented, int unplaced, int torn, int disordered, int unjoined) {
    /** Nothing was wrong. */
    public static final LedgerAudit CLEAN = new LedgerAudit(0, 0, 0, 0, 0, 0);

    private static final String PLACED =
            "everafter.commit_log c JOIN everafter.event e ON e.seg = c.seg AND c.part = (e.n - 1) >> 8";

    /**
     * Compares the log with {@code ledgers}, when their writers have ended.
     *
     * @param crashed whether the server was stopped in a way that may lose what was committed asynchronously
     */
    public static LedgerAudit of(DataSource source, List<Ledger> ledgers, boolean crashed) throws SQLException {
        try (Connection connection = source.getConnection()) {
            Map<Integer, BitSet> inLog = tokens(connection);
            int missing = 0;
            int invented = 0;
            for (Ledger ledger : ledgers) {
                BitSet rows = inLog.getOrDefault(ledger.writer(), new BitSet());
                missing += ledger.missing(rows, crashed).cardinality();
                invented += ledger.invented(rows).cardinality();
                inLog.remove(ledger.writer());
            }
            // of no writer: what a block wrote that then raised an exception
            invented += inLog.values().stream().mapToInt(BitSet::cardinality).sum();
            return new LedgerAudit(
                    missing,
                    invented,
                    count(
                            connection,
                            "everafter.event e WHERE NOT EXISTS (SELECT FROM everafter.commit_log c"
                                    + " WHERE c.seg = e.seg AND c.part = (e.n - 1) >> 8)"),
                    count(
                            connection,
                            "(SELECT n, lag(n, 1, 0::bigint) OVER (PARTITION BY seg ORDER BY n) AS before"
                                    + " FROM everafter.event) steps WHERE n <> before + 1"),
                    count(
                            connection,
                            "(SELECT (e.data ->> 'q')::bigint AS q, lag((e.data ->> 'q')::bigint)"
                                    + " OVER (PARTITION BY e.data ->> 'tx' ORDER BY c.id, e.n) AS before FROM " + PLACED
                                    + " WHERE e.data ->> 'tx' IS NOT NULL AND e.type IN ('insert', 'x')) steps"
                                    + " WHERE q <= before"),
                    count(
                            connection,
                            "(SELECT (e.data ->> 'ver')::bigint AS ver, (e.old ->> 'ver')::bigint AS old,"
                                    + " lag((e.data ->> 'ver')::bigint) OVER (PARTITION BY e.key ORDER BY c.id, e.n) AS before"
                                    + " FROM " + PLACED + " WHERE e.topic = 'public.acct' AND type = 'update') steps"
                                    + " WHERE ver <> before + 1 OR old <> ver - 1"));
        }
    }

    private static Map<Integer, BitSet> tokens(Connection connection) throws SQLException {
        Map<Integer, BitSet> byWriter = new HashMap<>();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(10_000);
            try (ResultSet rows =
                    statement.executeQuery("SELECT split_part(tok, '-', 1)::int, split_part(tok, '-', 2)::int"
                            + " FROM (SELECT data ->> 'tok' AS tok FROM everafter.event"
                            + " WHERE topic IN ('public.s', 'public.r', 'e') AND type IN ('insert', 'x')) tokens")) {
                while (rows.next()) {
                    byWriter.computeIfAbsent(rows.getInt(1), writer -> new BitSet())
                            .set(rows.getInt(2));
                }
            }
        }
        connection.setAutoCommit(true);
        return byWriter;
    }

    private static int count(Connection connection, String from) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM " + from)) {
            row.next();
            return row.getInt(1);
        }
    }
}
