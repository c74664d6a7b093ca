@NullMarked
package dev.everafter.server;

import org.jspecify.annotations.NullMarked;
