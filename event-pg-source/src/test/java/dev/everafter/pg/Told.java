package dev.everafter.pg;

import dev.everafter.core.Event;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;

/**
 * What a reader was told, by millions: each event's id and a sum of what it says, and for each commit when it was handed
 * over. Compared with the tables in the end. For one thread at a time.
 */
final class Told {
    private long[] ids = new long[1 << 16];
    private int[] sums = new int[1 << 16];
    private int size;
    private long[] commits = new long[1 << 12];
    private long[] handedAt = new long[1 << 12];
    private int handed;
    /** Of the commits: those that were slept for. */
    private final BitSet awaited = new BitSet();

    /**
     * How it differs from the tables; all zero if it doesn't.
     *
     * @param lost in the tables, and not told
     * @param repeated told twice
     * @param inverted told after a larger id
     * @param invented told, and not in the tables, or otherwise than it is there
     */
    record Difference(int lost, int repeated, int inverted, int invented) {
        static final Difference NONE = new Difference(0, 0, 0, 0);
    }

    void add(Event event) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, 2 * size);
            sums = Arrays.copyOf(sums, 2 * size);
        }
        ids[size] = event.id();
        sums[size++] = sum(event.topic(), event.type(), event.last());
    }

    /** A commit has reached the reader just now; {@code slept} until then. */
    void handed(long commit, boolean slept) {
        if (handed == commits.length) {
            commits = Arrays.copyOf(commits, 2 * handed);
            handedAt = Arrays.copyOf(handedAt, 2 * handed);
        }
        awaited.set(handed, slept);
        commits[handed] = commit;
        handedAt[handed++] = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    }

    int events() {
        return size;
    }

    private static int sum(String topic, String type, boolean last) {
        return (topic + ' ' + type + ' ' + last).hashCode();
    }

    /** Compares with all events after commit {@code first}. */
    Difference difference(Connection connection, long first) throws SQLException {
        int inverted = 0;
        for (int i = 1; i < size; i++) {
            inverted += ids[i] < ids[i - 1] ? 1 : 0;
        }
        long[] sorted = Arrays.copyOf(ids, size);
        Arrays.sort(sorted);
        int repeated = 0;
        for (int i = 1; i < size; i++) {
            repeated += sorted[i] == sorted[i - 1] ? 1 : 0;
        }
        int lost = 0;
        int matched = 0;
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(5_000);
            try (ResultSet rows = statement.executeQuery("SELECT c.id * 256 + ((e.n - 1) & 255), e.topic, e.type,"
                    + " NOT EXISTS (SELECT FROM everafter.event x WHERE x.seg = e.seg AND x.n = e.n + 1)"
                    + " FROM everafter.commit_log c JOIN everafter.event e ON e.seg = c.seg AND c.part = (e.n - 1) >> 8"
                    + " WHERE c.id > " + first + " ORDER BY c.id, e.n")) {
                int at = 0;
                while (rows.next()) {
                    long id = rows.getLong(1);
                    while (at < size && ids[at] < id) {
                        at++;
                    }
                    if (at == size || ids[at] != id) {
                        lost += Arrays.binarySearch(sorted, id) < 0 ? 1 : 0;
                    } else if (sums[at] == sum(rows.getString(2), rows.getString(3), rows.getBoolean(4))) {
                        matched++;
                    }
                }
            }
        }
        connection.setAutoCommit(true);
        return new Difference(lost, repeated, inverted, size - repeated - matched);
    }

    /** How long commits were on their way into the reader's hand, in words; needs {@code track_commit_timestamp}. */
    String delays(Connection connection) throws SQLException {
        long[] committedAt = new long[handed];
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(5_000);
            try (ResultSet rows = statement.executeQuery(
                    "SELECT id, (extract(epoch FROM pg_xact_commit_timestamp(tx::xid)) * 1000000)::bigint"
                            + " FROM everafter.commit_log ORDER BY id")) {
                int at = 0;
                while (rows.next()) {
                    while (at < handed && commits[at] < rows.getLong(1)) {
                        at++;
                    }
                    if (at < handed && commits[at] == rows.getLong(1)) {
                        committedAt[at] = rows.getLong(2);
                    }
                }
            }
        }
        connection.setAutoCommit(true);
        return "asleep " + distribution(committedAt, true) + "; all " + distribution(committedAt, false);
    }

    private String distribution(long[] committedAt, boolean sleptOnly) {
        long[] micros = new long[handed];
        int count = 0;
        for (int i = 0; i < handed; i++) {
            if (committedAt[i] > 0 && (!sleptOnly || awaited.get(i))) {
                micros[count++] = Math.max(0, handedAt[i] - committedAt[i]);
            }
        }
        if (count == 0) {
            return "none";
        }
        long[] sorted = Arrays.copyOf(micros, count);
        Arrays.sort(sorted);
        long late = Arrays.stream(sorted).filter(each -> each > 250_000).count();
        return String.format(
                Locale.ROOT,
                "%d: p50 %.1f, p99 %.1f, p99.9 %.1f, max %.1f ms, later than 250 ms: %d",
                count,
                at(sorted, 0.5),
                at(sorted, 0.99),
                at(sorted, 0.999),
                at(sorted, 1),
                late);
    }

    private static double at(long[] sorted, double part) {
        return sorted[(int) Math.min(sorted.length - 1, (long) (sorted.length * part))] / 1000.0;
    }
}
