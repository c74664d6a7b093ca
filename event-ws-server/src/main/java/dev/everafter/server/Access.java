package dev.everafter.server;

import dev.everafter.core.Filter;

/**
 * What one connection may see: the place where authentication will put its answer. Everybody may see everything as long
 * as nobody is asked who they are.
 *
 * @param visibility ANDed to every subscription
 */
record Access(Filter visibility) {
    static final Access OPEN = new Access(Filter.all());
}
