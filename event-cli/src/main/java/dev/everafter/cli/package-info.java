/**
 * The command line: {@code serve}, {@code capture} and {@code tail}.
 *
 * <p>A tour: {@link dev.everafter.cli.Everafter} reads the arguments and turns whatever goes wrong into one line and an
 * exit code. {@code serve} puts the modules together as an embedding application would: a log, a hub on it, a server in
 * front. {@code tail} is an ordinary client.
 */
@NullMarked
package dev.everafter.cli;

import org.jspecify.annotations.NullMarked;
