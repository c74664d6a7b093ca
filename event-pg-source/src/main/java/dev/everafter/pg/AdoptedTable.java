package dev.everafter.pg;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * An adopted table as the catalog shows it: found by its name, by which it is read from then on, and known by its object
 * id, so that another table under that name is noticed.
 *
 * <p>Immutable.
 *
 * @param topic schema.table
 * @param oid the table's object id
 * @param table its name, as SQL spells it
 * @param idName the id column's name
 * @param id the id column, as SQL spells it
 * @param time an expression of type timestamptz on {@code t}, a row; null where there is no time
 * @param timed whether a column says when
 * @param sequence the object id of the sequence that hands out its ids
 * @param counter the sequence's name, as SQL spells it; empty if this role may not read it
 */
record AdoptedTable(
        String topic,
        long oid,
        String table,
        String idName,
        String id,
        String time,
        boolean timed,
        long sequence,
        Optional<String> counter) {

    /** Which table to follow, and by which columns; without {@code idColumn} the primary key's. */
    record Request(String table, Optional<String> idColumn, Optional<String> timeColumn) {
        AdoptedTable find(Connection connection) throws SQLException {
            return AdoptedTable.find(connection, this);
        }
    }

    /** The sequence of the default comes before one that the column only owns: it is the one that ids are taken from. */
    private static final String FIND = """
            SELECT c.oid, n.nspname, c.relname, c.relkind::text, a.attname, format_type(a.atttypid, null), w.attname,
                   format_type(w.atttypid, null),
                   EXISTS (SELECT FROM pg_catalog.pg_index i
                           WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
                             AND i.indexprs IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS by_index,
                   quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS table_name,
                   quote_ident(a.attname) AS id_name, quote_ident(w.attname) AS time_name,
                   s.oid, quote_ident(s.nspname) || '.' || quote_ident(s.relname),
                   has_sequence_privilege(s.oid, 'SELECT') AND has_schema_privilege(s.relnamespace, 'USAGE'),
                   (SELECT seqincrement FROM pg_catalog.pg_sequence WHERE seqrelid = s.oid)
            FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attname::text = coalesce(?::text, (SELECT k.attname::text FROM pg_catalog.pg_index p
                    JOIN pg_catalog.pg_attribute k ON k.attrelid = c.oid AND k.attnum = p.indkey[0]
                    WHERE p.indrelid = c.oid AND p.indisprimary AND p.indnkeyatts = 1))
            LEFT JOIN pg_catalog.pg_attribute w ON w.attrelid = c.oid AND w.attnum > 0 AND NOT w.attisdropped
                AND w.attname::text = ?::text
            LEFT JOIN LATERAL (
                SELECT q.oid, q.relname, q.relnamespace, m.nspname, u.rank
                FROM (SELECT d.refobjid AS oid, 1 AS rank FROM pg_catalog.pg_attrdef f
                      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
                          AND d.refclassid = 'pg_catalog.pg_class'::regclass
                      WHERE f.adrelid = c.oid AND f.adnum = a.attnum
                      UNION ALL
                      SELECT d.objid, 2 FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
                        AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')) u
                JOIN pg_catalog.pg_class q ON q.oid = u.oid AND q.relkind = 'S'
                JOIN pg_catalog.pg_namespace m ON m.oid = q.relnamespace
                ORDER BY u.rank LIMIT 1) s ON true
            WHERE c.oid = coalesce(to_regclass(?),
                CASE WHEN cardinality(parse_ident(?)) = 1 THEN to_regclass('public.' || ?) END)
            """;

    private static AdoptedTable find(Connection connection, Request request) throws SQLException {
        try (PreparedStatement select = connection.prepareStatement(FIND)) {
            select.setString(1, request.idColumn.orElse(null));
            select.setString(2, request.timeColumn.orElse(null));
            select.setString(3, request.table);
            select.setString(4, request.table);
            select.setString(5, request.table);
            try (ResultSet row = select.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("there is no table " + request.table
                            + " (any more), or this role has no USAGE on its schema: name it as schema.table");
                }
                return of(row, request);
            }
        }
    }

    private static AdoptedTable of(ResultSet row, Request request) throws SQLException {
        String name = row.getString(2) + "." + row.getString(3);
        String kind = row.getString(4);
        if (!kind.equals("r") && !kind.equals("p")) {
            throw new SQLException(name + " can't be adopted: it is no table");
        }
        if (row.getString(5) == null) {
            throw new SQLException(request.idColumn
                    .map(column -> name + " has no column " + column)
                    .orElse(name + " has no primary key of one column: name its id column"));
        }
        String id = name + "." + row.getString(5);
        if (!row.getString(6).matches("bigint|integer|smallint")) {
            throw new SQLException(
                    id + " is of type " + row.getString(6) + ": an adopted table's id must be an integer");
        }
        if (!row.getBoolean(9)) {
            throw new SQLException(
                    id + " has no valid unique index of its own, so it tells no rows apart, and the table"
                            + " can't be read in its order");
        }
        if (row.getObject(13) == null) {
            throw new SQLException(id + " gets its values from no sequence, so nothing can be proven of them: let"
                    + " everafter capture the table instead");
        }
        if (row.getLong(16) < 0) {
            throw new SQLException(
                    id + " gets its values from a sequence that descends: it can't be read in its order");
        }
        return new AdoptedTable(
                name,
                row.getLong(1),
                row.getString(10),
                row.getString(5),
                row.getString(11),
                time(row, name, request),
                request.timeColumn.isPresent(),
                row.getLong(13),
                row.getBoolean(15) ? Optional.of(row.getString(14)) : Optional.empty());
    }

    /** What has no zone is UTC; what JSON's readers can't be told is no time. */
    private static String time(ResultSet row, String name, Request request) throws SQLException {
        if (request.timeColumn.isEmpty()) {
            return "NULL::timestamptz";
        }
        String column = request.timeColumn.get();
        if (row.getString(7) == null) {
            throw new SQLException(name + " has no column " + column);
        }
        String sql = "t." + row.getString(12);
        String at = switch (row.getString(8)) {
            case "timestamp with time zone" -> sql;
            case "timestamp without time zone" -> "(" + sql + " AT TIME ZONE 'UTC')";
            case "date" -> "(" + sql + "::timestamp AT TIME ZONE 'UTC')";
            default ->
                throw new SQLException(name + "." + column + " is of type " + row.getString(8)
                        + ": the time column must be a timestamp or a date");
        };
        return "CASE WHEN " + sql + " >= '0001-01-02' AND " + sql + " < '9999-12-31' THEN " + at + " END";
    }
}
