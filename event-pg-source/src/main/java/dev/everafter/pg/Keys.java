package dev.everafter.pg;

/** The advisory locks, all in one class so that they are recognised in {@code pg_locks}; the SQL scripts name them too. */
final class Keys {
    static final int CLASS = 1163281746;
    /** Held exclusively while a commit must ring. */
    static final int BELL = 1;
    /** Held by the one session that arms. */
    static final int LEADER = 2;
    /** Held by an installer. */
    static final int MIGRATION = 3;
    /** Held while the history is checked or changed. */
    static final int EPOCH = 4;
    /** Held shared by each session that follows and does not lead. */
    static final int FOLLOWER = 5;

    static final String CHANNEL = "everafter";

    private Keys() {}
}
