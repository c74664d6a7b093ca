package dev.everafter.client;

import org.jspecify.annotations.Nullable;

/** Why a subscription ended, or could not begin; the message names the thing, its value and the way out. */
public class EventClientException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Code code;

    /** Without another exception underneath. */
    public EventClientException(Code code, String message) {
        this(code, message, null);
    }

    /** With the exception underneath. */
    public EventClientException(Code code, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** What went wrong, for programs. */
    public Code code() {
        return code;
    }

    /** What went wrong. */
    public enum Code {
        /** The server wants a valid token (close code 4401). */
        UNAUTHORIZED,
        /** The token's owner may not do this (close code 4403). */
        FORBIDDEN,
        /** Server and client do not understand each other (close code 4400, or twice in a row a message that can't be read). */
        PROTOCOL,
        /** A message was larger than one side allows (close code 1009); it would be so again. */
        MESSAGE_TOO_LARGE,
        /** Twice in a row the server left out a part of the log without saying so. */
        HOLE,
        /** Events can't be had, and the subscription's policy is to stop. */
        GAP,
        /** An event came without its content. */
        OMITTED,
        /** The server refused the subscription. */
        REFUSED,
        /** The server ended the subscription. */
        UNSUBSCRIBED,
        /** Positions can't be read or kept. */
        POSITION_STORE,
        /** The client's executor takes no more work. */
        EXECUTOR
    }
}
