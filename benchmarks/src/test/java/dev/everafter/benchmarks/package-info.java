@NullMarked
package dev.everafter.benchmarks;

import org.jspecify.annotations.NullMarked;
