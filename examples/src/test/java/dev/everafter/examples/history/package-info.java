/**
 * The history checker at work: the whole path, from writers on a real PostgreSQL to clients on real WebSockets, with faults
 * at every joint. {@link dev.everafter.examples.history.HistoryCheckTest} expects no error;
 * {@link dev.everafter.examples.history.SabotageTest} takes one mechanism out at a time, and expects the error that follows.
 */
@NullMarked
package dev.everafter.examples.history;

import org.jspecify.annotations.NullMarked;
