/**
 * Three ways to follow a log: {@link dev.everafter.examples.EmbedTheHub} inside a service,
 * {@link dev.everafter.examples.ResumingSubscriber} from another Java program, and {@code browser.html} from a page.
 */
@NullMarked
package dev.everafter.examples;

import org.jspecify.annotations.NullMarked;
