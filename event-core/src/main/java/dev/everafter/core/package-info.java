/**
 * The log, the ordering of ids, filters, and the hub that feeds any number of cursors.
 *
 * <p>A tour: a {@link dev.everafter.core.EventLog} is where committed {@link dev.everafter.core.Event}s can be read in
 * the order of their ids. An {@link dev.everafter.core.EventHub} follows one log on behalf of everybody; each
 * {@link dev.everafter.core.Cursor} it opens is a subscriber, and a subscriber is a number: the
 * {@link dev.everafter.core.Position} it has reached. What it wants to see is a {@link dev.everafter.core.Selection} of
 * two {@link dev.everafter.core.Filter}s. What it gets is one {@link dev.everafter.core.Poll} after the other: batches of
 * events, and aloud, where there are any, {@link dev.everafter.core.Gap}s.
 *
 * <p>{@link dev.everafter.core.InMemoryEventLog} is a complete log for tests and for programs without a database.
 */
@NullMarked
package dev.everafter.core;

import org.jspecify.annotations.NullMarked;
