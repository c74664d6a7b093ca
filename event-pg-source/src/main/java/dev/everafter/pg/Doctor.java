package dev.everafter.pg;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Looks for what the promise of a log suffers from: above all ids of an adopted table that its sequence doesn't give out
 * one by one, so that a row may come below what was delivered. It reads the catalog, and a few rows by an index.
 *
 * <p>It finds causes, and traces of them; that it finds nothing proves nothing of an application that writes ids of its own.
 *
 * <p>Safe for use by any thread.
 */
public final class Doctor {
    private static final String LATE =
            "a row may come below what was delivered: it is told as late, outside of the order";
    private static final String HELD = "delivery waits for it, for everybody";
    private static final String CAPTURE = "let everafter capture the table instead, whose order is that of commits";

    private final DataSource source;

    private Doctor(DataSource source) {
        this.source = source;
    }

    /** For the database that {@code source} leads to, as the role that is to read there. */
    public static Doctor of(DataSource source) {
        return new Doctor(source);
    }

    /**
     * What an adopted table suffers from.
     *
     * @param table as for {@link AdoptedLog#builder}
     * @throws dev.everafter.core.EventLogException if it can't be adopted at all, with the reason
     */
    public List<Finding> table(String table, Optional<String> idColumn, Optional<String> timeColumn) {
        try (Connection connection = source.getConnection()) {
            return PageRows.inTransaction(connection, () -> {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(AdoptedQuery.BORROWED);
                }
                return table(connection, new AdoptedTable.Request(table, idColumn, timeColumn).find(connection));
            });
        } catch (SQLException e) {
            throw Sql.explain("could not look at " + table, e);
        }
    }

    /**
     * What the log of {@link LogSchema} suffers from.
     *
     * @throws dev.everafter.core.EventLogException if it isn't installed, or can't be read
     */
    public List<Finding> log() {
        try (Connection connection = source.getConnection()) {
            return run(connection, LOG);
        } catch (SQLException e) {
            throw Sql.explain("could not look at the log", e);
        }
    }

    /** @param sql gives a line of evidence in each row; nothing, where all is well */
    private record Check(String code, String cause, String sql, String effect, String remedy) {}

    static List<Finding> table(Connection connection, AdoptedTable table) throws SQLException {
        List<Check> checks = new ArrayList<>(TABLE);
        if (table.counter().isPresent()) {
            checks.add(new Check(
                    "ids_ahead",
                    "ids are written that the sequence did not give out",
                    "SELECT format('the newest id is %s, and the last that was handed out %s', m.id, c.id) FROM"
                            + " (SELECT t.$id AS id FROM $table t ORDER BY t.$id DESC LIMIT 1) m,"
                            + " (SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS id FROM $counter) c"
                            + " WHERE m.id > c.id",
                    "what the sequence gives out until it has come by is told as late",
                    "SELECT setval(...) above the newest id, and let nobody write ids"));
        }
        if (!table.timed()) {
            checks.add(new Check(
                    "no_time_column",
                    "no time column was named",
                    "SELECT 'events are of 1970-01-01'",
                    "a start at a time is the beginning; updated rows look rewound when the server is started anew",
                    "name a column that is set when a row is written, and never changed"));
        }
        return run(
                connection,
                checks.stream()
                        .map(check -> new Check(
                                check.code(),
                                check.cause(),
                                filled(check.sql(), table),
                                check.effect(),
                                check.remedy()))
                        .toList());
    }

    private static String filled(String sql, AdoptedTable table) {
        return sql.replace("$oid", Long.toString(table.oid()))
                .replace("$sequence", Long.toString(table.sequence()))
                .replace("$column", "'" + table.idName().replace("'", "''") + "'")
                .replace("$counter", table.counter().orElse(""))
                .replace("$table", table.table())
                .replace("$id", table.id());
    }

    private static List<Finding> run(Connection connection, List<Check> checks) throws SQLException {
        List<Finding> findings = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            for (Check check : checks) {
                try (ResultSet rows = statement.executeQuery(check.sql())) {
                    while (rows.next()) {
                        findings.add(new Finding(
                                check.code(), check.cause(), rows.getString(1), check.effect(), check.remedy()));
                    }
                }
            }
        }
        return List.copyOf(findings);
    }

    private static final List<Check> TABLE = List.of(
            new Check(
                    "cache",
                    "sessions keep ids of the sequence for their later transactions",
                    "SELECT format('CACHE %s of %s', seqcache, seqrelid::regclass) FROM pg_catalog.pg_sequence"
                            + " WHERE seqrelid = $sequence AND seqcache <> 1",
                    LATE,
                    "ALTER SEQUENCE ... CACHE 1, or " + CAPTURE),
            new Check(
                    "increment",
                    "the application makes several ids of one that it takes (Hibernate: allocationSize)",
                    "SELECT format('INCREMENT %s of %s', seqincrement, seqrelid::regclass) FROM pg_catalog.pg_sequence"
                            + " WHERE seqrelid = $sequence AND seqincrement <> 1",
                    LATE,
                    "allocationSize 1 and INCREMENT 1, or " + CAPTURE),
            new Check(
                    "cycle",
                    "the sequence begins again at its end",
                    "SELECT seqrelid::regclass::text FROM pg_catalog.pg_sequence WHERE seqrelid = $sequence AND seqcycle",
                    "what it gives out then is below what was delivered, and not seen",
                    "ALTER SEQUENCE ... NO CYCLE"),
            new Check(
                    "no_right_to_counter",
                    "this role may not read the sequence",
                    "SELECT $sequence::regclass::text WHERE NOT has_sequence_privilege($sequence, 'SELECT')",
                    "that ids are ahead of it, or were set back, is not noticed",
                    "GRANT SELECT on it, or live without"),
            new Check(
                    "no_default",
                    "the id column takes nothing from the sequence by itself",
                    "SELECT coalesce(pg_get_expr(d.adbin, d.adrelid), 'no default') FROM pg_catalog.pg_attribute a"
                            + " LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
                            + " WHERE a.attrelid = $oid AND a.attname = $column AND a.attidentity = ''"
                            + " AND coalesce(pg_get_expr(d.adbin, d.adrelid), '') NOT LIKE 'nextval(%'",
                    LATE,
                    "give it the default nextval(...), or " + CAPTURE),
            new Check(
                    "explicit_ids",
                    "writers can name an id of their own",
                    "SELECT CASE attidentity WHEN 'd' THEN 'GENERATED BY DEFAULT' ELSE 'a default, as of serial' END"
                            + " FROM pg_catalog.pg_attribute WHERE attrelid = $oid AND attname = $column AND attidentity <> 'a'",
                    "nothing, while nobody does; else " + LATE,
                    "GENERATED ALWAYS AS IDENTITY refuses most of it (COPY and OVERRIDING SYSTEM VALUE can still do it)"),
            new Check(
                    "shared_sequence",
                    "another column takes its values from the same sequence",
                    "SELECT format('%s.%s', d.adrelid::regclass, a.attname) FROM pg_catalog.pg_depend p"
                            + " JOIN pg_catalog.pg_attrdef d ON p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid"
                            + " JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
                            + " WHERE p.refobjid = $sequence AND d.adrelid <> $oid AND NOT EXISTS (SELECT FROM"
                            + " pg_catalog.pg_inherits i WHERE i.inhrelid = d.adrelid AND i.inhparent = $oid)",
                    "each of its rows is a hole here, and delivery waits for its transactions as well",
                    "give each table a sequence of its own"),
            new Check(
                    "function_takes_ids",
                    "a function takes values from the sequence",
                    "SELECT p.oid::regprocedure::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang"
                            + " JOIN pg_catalog.pg_class c ON c.oid = $sequence WHERE l.lanname IN ('plpgsql', 'sql')"
                            + " AND p.prosrc ILIKE '%nextval%' AND position(c.relname IN p.prosrc) > 0",
                    "nothing, if each is used in the transaction that took it; else " + LATE,
                    "see that it is"),
            new Check(
                    "before_trigger",
                    "a trigger can change the id of a row, or take it elsewhere",
                    "SELECT tgname::text FROM pg_catalog.pg_trigger WHERE tgrelid = $oid AND NOT tgisinternal"
                            + " AND tgtype & 2 = 2 AND tgtype & 4 = 4",
                    "nothing, if it leaves the id alone; else " + LATE,
                    "see that it does"),
            new Check(
                    "rule",
                    "a rule rewrites inserts",
                    "SELECT rulename::text FROM pg_catalog.pg_rewrite WHERE ev_class = $oid AND ev_type = '3'",
                    "an id may be taken twice, or for another table",
                    "a trigger in its place"),
            new Check(
                    "subscription",
                    "logical replication writes the table, with ids of another database",
                    "SELECT s.subname::text FROM pg_catalog.pg_subscription_rel r"
                            + " JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid WHERE r.srrelid = $oid",
                    LATE,
                    "follow the publisher's table, or " + CAPTURE),
            new Check(
                    "children",
                    "other tables inherit from it",
                    "SELECT i.inhrelid::regclass::text FROM pg_catalog.pg_inherits i"
                            + " JOIN pg_catalog.pg_class c ON c.oid = i.inhparent AND c.relkind = 'r' WHERE i.inhparent = $oid",
                    "their rows are read with its own, and no index keeps ids apart",
                    "partitions in place of inheritance"),
            new Check(
                    "row_security",
                    "policies hide rows from this role",
                    "SELECT 'row level security is on' WHERE row_security_active($oid)",
                    "rows that it doesn't see are no events, and never will be",
                    "a role with BYPASSRLS, or a policy that lets it see everything"),
            new Check(
                    "unlogged",
                    "the table is unlogged",
                    "SELECT relname::text FROM pg_catalog.pg_class WHERE oid = $oid AND relpersistence = 'u'",
                    "a crash empties it: what was delivered is taken back",
                    "ALTER TABLE ... SET LOGGED"),
            new Check(
                    "updates",
                    "rows are updated or deleted",
                    "SELECT format('%s updates, %s deletes since the statistics were reset', n_tup_upd, n_tup_del)"
                            + " FROM pg_catalog.pg_stat_user_tables WHERE relid = $oid AND n_tup_upd + n_tup_del > 0",
                    "these are no events; a row that was deleted is none any more",
                    "for events of updates and deletes " + CAPTURE),
            held("$sequence"),
            recovery());

    private static Check recovery() {
        return new Check(
                "standby",
                "the server is a standby",
                "SELECT 'pg_is_in_recovery()' WHERE pg_is_in_recovery()",
                "it can't be followed here: the primary's writers are not to be seen",
                "connect to the primary");
    }

    private static Check held(String sequence) {
        return new Check(
                "held",
                "a prepared transaction has taken an id and not ended",
                "SELECT format('%L of %s, since %s', x.gid, x.owner, x.prepared) FROM pg_catalog.pg_prepared_xacts x"
                        + " WHERE x.database = current_database() AND EXISTS (SELECT FROM pg_catalog.pg_locks l"
                        + " JOIN pg_catalog.pg_locks k ON k.virtualtransaction = l.virtualtransaction"
                        + " WHERE l.locktype = 'transactionid' AND l.transactionid = x.transaction"
                        + " AND k.locktype = 'relation' AND k.relation = " + sequence + ")",
                HELD,
                "COMMIT PREPARED or ROLLBACK PREPARED, by whoever is to decide");
    }

    private static final List<Check> LOG = List.of(
            recovery(),
            held("'everafter.commit_log_id_seq'::regclass"),
            new Check(
                    "sequence",
                    "the log's sequence was altered",
                    "SELECT format('CACHE %s INCREMENT %s%s', seqcache, seqincrement, CASE WHEN seqcycle THEN ' CYCLE' END)"
                            + " FROM pg_catalog.pg_sequence WHERE seqrelid = 'everafter.commit_log_id_seq'::regclass"
                            + " AND (seqcache <> 1 OR seqincrement <> 1 OR seqcycle)",
                    "it is not followed, since nothing can be proven of its ids",
                    "ALTER SEQUENCE everafter.commit_log_id_seq CACHE 1 INCREMENT 1 NO CYCLE"),
            new Check(
                    "two_phase",
                    "transactions may be prepared here, which can't ring",
                    "SELECT format('max_prepared_transactions = %s', setting) FROM pg_catalog.pg_settings"
                            + " WHERE name = 'max_prepared_transactions' AND setting <> '0'",
                    "an idle log looks for commits each 50 ms",
                    "set it to 0 where nobody prepares"),
            new Check(
                    "capture_status",
                    "a captured table is no longer as it was",
                    "SELECT format('%s: %s', s.\"table\", s.finding) FROM everafter.capture_status() s",
                    "as it says there",
                    "SELECT everafter.capture(...) again"));
}
