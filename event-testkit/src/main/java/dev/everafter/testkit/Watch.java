package dev.everafter.testkit;

import dev.everafter.core.Filter;

/**
 * What a subscriber asks for, in two forms that were written apart: the filter under test, and the SQL condition that says
 * what it should find.
 *
 * @param condition on one image of an event: {@code topic}, {@code type}, {@code key} and {@code image}, which is JSON
 */
public record Watch(String name, Filter filter, String condition) {}
