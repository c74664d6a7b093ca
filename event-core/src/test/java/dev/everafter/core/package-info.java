@NullMarked
package dev.everafter.core;

import org.jspecify.annotations.NullMarked;
