/**
 * What the tests of all modules share; never on the class path of a program.
 *
 * <p>{@link dev.everafter.testkit.PostgresFixture} runs a real, throw-away PostgreSQL. {@link
 * dev.everafter.testkit.EventLogContract} is what every event log must keep. {@link dev.everafter.testkit.TcpProxy} breaks
 * connections where a test says so.
 */
@NullMarked
package dev.everafter.testkit;

import org.jspecify.annotations.NullMarked;
