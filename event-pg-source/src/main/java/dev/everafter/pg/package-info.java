/** TODO */
@NullMarked
package dev.everafter.pg;

import org.jspecify.annotations.NullMarked;
