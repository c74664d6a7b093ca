package dev.everafter.pg;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;

/**
 * What identifies the history of an adopted table, as any server sees it without having written anything. Immutable.
 *
 * @param serverStarted nothing but a server that is started anew can lose what was on its disk
 * @param counterFile the sequence's file, which changes when it is restarted
 */
record AdoptedRun(Identity identity, Instant serverStarted, long counterFile) {
    /** Which table it is, in which database, of which server, on which timeline. */
    record Identity(long system, String timeline, long database, long table) {}

    /** The name of the history that such a table has unless it was rewound. */
    String epoch() {
        return named(base());
    }

    /** The name of the history after a rewind that nothing but this run shows; {@code times} tells several apart. */
    String epochAfterRewind(int times) {
        return named(base() + " " + serverStarted + " " + counterFile + " " + times);
    }

    private String base() {
        return identity.system + " " + identity.timeline + " " + identity.database + " " + identity.table;
    }

    /** The same for every server that sees the same. */
    private static String named(String what) {
        return UUID.nameUUIDFromBytes(what.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
