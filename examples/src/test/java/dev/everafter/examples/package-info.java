/** The examples run against a real server, and the client's guarantee is put to the test against it. */
@NullMarked
package dev.everafter.examples;

import org.jspecify.annotations.NullMarked;
