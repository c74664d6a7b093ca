/** Tests of the client against a server that each test scripts. */
@NullMarked
package dev.everafter.client;

import org.jspecify.annotations.NullMarked;
