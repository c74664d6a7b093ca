package dev.everafter.server;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Whether a page may connect. A browser lets any page open a WebSocket to any server, and says in {@code Origin} which
 * page it is (RFC 6455, section 10.2): without this check every site that a user visits could read this server's events.
 *
 * <p>A page of the server's own may connect, which is one whose host and port are those that the request went to, and its
 * scheme as well where that is known; so may those that are allowed by name, and clients that are no browsers and send no
 * {@code Origin}.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class OriginCheck {
    private final Set<String> allowed;

    /** With the origins that may connect beside the server's own. */
    public OriginCheck(Set<String> allowed) {
        this.allowed = Set.copyOf(allowed);
    }

    /** Whether a request with these headers, which came by whatever scheme, may be upgraded. */
    public boolean allows(Optional<String> origin, Optional<String> host) {
        return allows(origin, host, Optional.empty());
    }

    /** Whether a request with these headers, which came by {@code http} or {@code https}, may be upgraded. */
    public boolean allows(Optional<String> origin, Optional<String> host, Optional<String> scheme) {
        if (origin.isEmpty() || allowed.contains(origin.get())) {
            return true;
        }
        return host.isPresent()
                && scheme.map(known -> origin.get().startsWith(known + "://")).orElse(true)
                && authority(origin.get()).filter(sameAs(host.get())::equals).isPresent();
    }

    private static String sameAs(String host) {
        return host.toLowerCase(Locale.ROOT);
    }

    /** Host and port as the {@code Host} header of a request from that origin's page to itself would have them. */
    private static Optional<String> authority(String origin) {
        try {
            URI uri = URI.create(origin);
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            return http ? Optional.ofNullable(uri.getRawAuthority()).map(OriginCheck::sameAs) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
