package dev.everafter.testkit;

import java.util.BitSet;
import java.util.List;

/**
 * What one writer knows about the rows it wrote: row {@code q} of writer {@code w} carries the token {@code w-q}, in every
 * event that creates it.
 *
 * <p>Written by its writer's thread; to be read when that has ended.
 */
public final class Ledger {
    private final int writer;
    /** In the log for certain. */
    private final BitSet committed = new BitSet();
    /** Committed with {@code synchronous_commit = off}: in the log, unless the server crashed. */
    private final BitSet asynchronous = new BitSet();
    /** The session died while it committed. */
    private final BitSet uncertain = new BitSet();

    private int transactions;

    Ledger(int writer) {
        this.writer = writer;
    }

    void committed(BitSet rows, boolean synchronous) {
        (synchronous ? committed : asynchronous).or(rows);
        transactions++;
    }

    void uncertain(BitSet rows) {
        uncertain.or(rows);
    }

    String token(int row) {
        return writer + "-" + row;
    }

    /** How many transactions it knows to be committed. */
    public int transactions() {
        return transactions;
    }

    /** How many rows {@code ledgers} know to be committed. */
    public static int rows(List<Ledger> ledgers) {
        return ledgers.stream()
                .mapToInt(ledger -> ledger.committed.cardinality() + ledger.asynchronous.cardinality())
                .sum();
    }

    /** Rows that must be in the log, and are not. */
    BitSet missing(BitSet inLog, boolean crashed) {
        BitSet missing = (BitSet) committed.clone();
        if (!crashed) {
            missing.or(asynchronous);
        }
        missing.andNot(inLog);
        return missing;
    }

    /** Rows that are in the log although their transaction was rolled back. */
    BitSet invented(BitSet inLog) {
        BitSet invented = (BitSet) inLog.clone();
        invented.andNot(committed);
        invented.andNot(asynchronous);
        invented.andNot(uncertain);
        return invented;
    }

    int writer() {
        return writer;
    }
}
