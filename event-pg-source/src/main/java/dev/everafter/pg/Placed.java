package dev.everafter.pg;

/** Something that has its place in a log by an id of a sequence. */
interface Placed {
    /** What the sequence handed out for it. */
    long id();
}
