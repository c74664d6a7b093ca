/**
 * A log in PostgreSQL: what commits is in it, once, in an order that never changes, and is read strictly in that order.
 *
 * <p>A tour: {@link dev.everafter.pg.LogSchema} makes the tables and triggers and has tables captured;
 * {@link dev.everafter.pg.PgEventLog} reads them; {@link dev.everafter.pg.AdoptedLog} reads a table that others made, of which {@link dev.everafter.pg.Doctor} says what it suffers from. {@link dev.everafter.pg.PgListener} is told what happens on the way.
 *
 * <h2>Why nothing is lost, repeated or out of order</h2>
 *
 * <p><b>The order.</b> An event row is written where it stays, {@code everafter.event(seg, n)}, when the change happens;
 * its <em>place</em> is taken in the commit phase, by a deferred trigger that inserts one row into
 * {@code everafter.commit_log}. An event's id is {@code commit_log.id * 256 + (n - 1) % 256}. If one transaction sees
 * another's row, the other's id is smaller: the other had ended before, and so had taken its place before. The place is
 * taken only when a transaction commits, so a long one delays nobody.
 *
 * <p><b>The hole.</b> Ids become visible out of order, and some never do. {@code nextval} locks the <em>sequence</em>
 * (RowExclusiveLock) before it hands out a number, until the top-level transaction ends, be it prepared in between or
 * rolled back to a savepoint; and a transaction's changes are visible before its locks are let go. So, having seen a hole,
 * {@link dev.everafter.pg.GapProof} takes these steps, each a statement with a snapshot of its own:
 * <ol>
 *   <li>reads the sequence's {@code last_value}: hi. Whoever has got an id up to hi has locked the sequence by now;
 *   <li>lists the transactions that hold that lock: S;
 *   <li>lists again until none of S is left. Now every transaction with an id up to hi has ended, and if it committed, is
 *       visible to any statement that starts from here on;
 *   <li>reads the log anew. An id up to hi that <em>this</em> statement doesn't see will never come.
 * </ol>
 *
 * <p>Step 1 before step 2, or an id handed out in between would be missed; step 4 after step 3, or a commit in between
 * would be. Locks on the <em>table</em> prove nothing: an id can be taken long before the row is written. What was proven
 * dies with its session, since a crash can set the sequence back to ids that were handed out and never committed.
 *
 * <p><b>The disk.</b> A transaction with {@code synchronous_commit = off} is visible before it is safe. Its place says so
 * ({@code durable}); before such a row is delivered the tailer flushes the log of the server by a message of its own.
 * {@code durable} is true only where the trigger surely runs in the commit phase, after which nothing can change it. A hole
 * below a durable row needs no flush: that row's commit has flushed the counter, too. A head without a row above it, which
 * is how following starts, is flushed in any case.
 *
 * <p><b>The bell.</b> A commit rings (NOTIFY) only if the tailer's advisory lock is held, so busy writers are silent.
 * {@link dev.everafter.pg.Doorbell} takes the lock, <em>then</em> lists the holders of the sequence's lock, <em>then</em>
 * looks at the log, and then sleeps. A writer takes its id, and thereby locks the sequence, <em>before</em> it tests the
 * bell. Hence whoever found the bell silent had locked the sequence before the list was made: it is on the list, and the
 * log is looked at until it is gone from there, or it had ended, and the look shows it. Each later look follows a list,
 * never precedes it, for the same reason. Prepared transactions can't ring; where there may be some, the log is looked at
 * every 50 ms.
 *
 * <p><b>The history.</b> A server that comes back with less than was delivered (a restore, a failover with loss) would give
 * ids out again. On each connection {@link dev.everafter.pg.History} compares what identifies the server, the counter, and
 * the rows read last; a difference begins a new epoch at a fork that both histories certainly share.
 *
 * <p><b>The reader's memory.</b> Between the moment a page moves the head and its return nothing can fail: a session that
 * dies takes no page with it.
 *
 * <p>What is not covered: a writer who sets {@code everafter.seg} by hand can make his own events vanish; a deferred trigger
 * of the database's own that turns {@code synchronous_commit} off during the commit escapes {@code durable}; whoever alters
 * the sequence (CACHE, setval) breaks the order.
 */
@NullMarked
package dev.everafter.pg;

import org.jspecify.annotations.NullMarked;
