/** Whether anybody is ever shown what is not theirs to see, on whatever path it could come. */
@NullMarked
package dev.everafter.server.leak;

import org.jspecify.annotations.NullMarked;
