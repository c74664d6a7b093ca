package dev.everafter.client;

/**
 * What a subscription does when events can't be had: the log no longer keeps them, or was rewound. Either way the handler
 * is told first, and the position becomes the gap's {@code resume}.
 */
public enum GapPolicy {
    /** The subscription ends with {@link EventClientException.Code#GAP}; subscribing again goes on behind the gap. */
    STOP,
    /** The subscription goes on behind the gap. */
    CONTINUE
}
