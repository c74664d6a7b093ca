package dev.everafter.server;

import java.util.Locale;

/** What an {@code error} message of protocol v1 is about; {@code docs/protocol.md} lists the same codes. */
public enum ErrorCode {
    /** No JSON object, or a member that is missing, of the wrong kind or out of range. */
    BAD_MESSAGE(false),
    /** A {@code type} that this protocol doesn't have. */
    UNKNOWN_TYPE(false),
    /** The connection has a subscription of that name. */
    SUB_IN_USE(false),
    /** The connection has no subscription of that name. */
    UNKNOWN_SUB(false),
    /** {@code where} is no filter. */
    FILTER_INVALID(false),
    /** {@code where} asks for what the client isn't shown. */
    FILTER_HIDDEN(false),
    /** {@code from} lies beyond everything the log ever gave out. */
    POSITION_AHEAD(false),
    /** {@code from} names an epoch that is none of this log's. */
    EPOCH_UNKNOWN(false),
    /** The connection has as many subscriptions as it may. */
    TOO_MANY_SUBSCRIPTIONS(false),
    /** No rendering of that name is offered to this client. */
    RENDER_UNKNOWN(false),
    /** Late rows are not offered. */
    LATE_UNAVAILABLE(false),
    /** An {@code ack} beyond everything that was sent. */
    ACK_AHEAD(false),
    /** An {@code auth} although this server asks nobody who they are. */
    AUTH_NOT_CONFIGURED(false),
    /** A new token that can't be checked now; the one before still holds. */
    AUTH_UNAVAILABLE(true),
    /** The server failed; a close follows. */
    INTERNAL(true);

    private final boolean retry;

    ErrorCode(boolean retry) {
        this.retry = retry;
    }

    /** As it stands on the wire. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the same request may succeed later. */
    public boolean retry() {
        return retry;
    }
}
