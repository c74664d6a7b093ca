@NullMarked
package dev.everafter.server.standalone;

import org.jspecify.annotations.NullMarked;
