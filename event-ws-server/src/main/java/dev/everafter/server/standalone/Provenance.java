package dev.everafter.server.standalone;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Whom a request is from and how it came, as far as those say it whose word is taken: of the addresses that a request
 * passed through, the one nearest to us that is no trusted proxy's. What stands farther from us may be anybody's invention,
 * and is not looked at.
 *
 * <p>Immutable.
 *
 * @param client the address that limits count for
 * @param scheme {@code http} or {@code https}, by which the client came, if a proxy said so
 * @param host what the client's {@code Host} was, if a proxy said so
 */
record Provenance(InetAddress client, Optional<String> scheme, Optional<String> host) {
    /** Proxies that stand one behind the other; nobody has as many. */
    private static final int MOST_HOPS = 50;

    /** What a trusted proxy said can't be used; the message is for whoever made the request. */
    static final class UnclearException extends Exception {
        private static final long serialVersionUID = 1L;

        UnclearException(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * @param headers the values of a header, one for each line, in their order
     * @param peer who is connected
     */
    static Provenance of(Function<String, List<String>> headers, InetAddress peer, TrustedProxies proxies)
            throws UnclearException {
        if (!proxies.trusts(peer)) {
            return new Provenance(peer, Optional.empty(), Optional.empty());
        }
        List<String> listed = items(headers.apply("X-Forwarded-For"));
        List<Map<String, String>> elements = ForwardedHeader.parse(headers.apply("Forwarded"));
        Walk byList = walk(listed, peer, proxies);
        Walk byElements = walk(
                elements.stream()
                        .map(element -> element.getOrDefault("for", "unknown"))
                        .toList(),
                peer,
                proxies);
        if (elements.isEmpty()) {
            return new Provenance(
                    byList.client(),
                    last(headers.apply("X-Forwarded-Proto")).flatMap(Provenance::scheme),
                    last(headers.apply("X-Forwarded-Host")));
        }
        if (!listed.isEmpty() && !byList.client().equals(byElements.client())) {
            // One of them is the proxy's, and the other what the client wrote; which is which can't be told.
            throw new UnclearException(
                    "Forwarded and X-Forwarded-For name different clients: let the proxy remove the one"
                            + " that it doesn't set");
        }
        Map<String, String> nearest = elements.get(byElements.at());
        return new Provenance(
                byElements.client(),
                Optional.ofNullable(nearest.get("proto")).flatMap(Provenance::scheme),
                Optional.ofNullable(nearest.get("host")));
    }

    /** Where the search ended: at which entry, and with whom. */
    private record Walk(int at, InetAddress client) {}

    private static Walk walk(List<String> hops, InetAddress peer, TrustedProxies proxies) throws UnclearException {
        if (hops.size() > MOST_HOPS) {
            throw new UnclearException("the request has passed through more than " + MOST_HOPS + " proxies");
        }
        InetAddress client = peer;
        int at = hops.size();
        while (at > 0 && proxies.trusts(client)) {
            String hop = hops.get(at - 1);
            if (isHidden(hop)) {
                // Whoever told it speaks for all whom it hides.
                return new Walk(at - 1, client);
            }
            at--;
            client = node(hop)
                    .orElseThrow(() -> new UnclearException(
                            "a proxy names a client that is no address, in Forwarded or" + " X-Forwarded-For"));
        }
        return new Walk(at, client);
    }

    /** RFC 7239, sections 6.2 and 6.3. */
    private static boolean isHidden(String hop) {
        return hop.equalsIgnoreCase("unknown") || hop.matches("_[A-Za-z0-9._-]+(:[A-Za-z0-9._-]+)?");
    }

    /** An address, with or without brackets, where they are needed for a port, and with or without that. */
    private static Optional<InetAddress> node(String hop) {
        String port = "(:(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?";
        if (hop.matches("\\[[^\\[\\]]+]" + port)) {
            return TrustedProxies.address(hop.substring(1, hop.indexOf(']'))).filter(address -> hop.contains(":"));
        }
        return TrustedProxies.address(hop.matches("[0-9.]+" + port) ? hop.replaceFirst(":.*", "") : hop);
    }

    private static Optional<String> scheme(String said) {
        String scheme = said.toLowerCase(Locale.ROOT);
        return scheme.equals("http") || scheme.equals("https") ? Optional.of(scheme) : Optional.empty();
    }

    private static Optional<String> last(List<String> lines) {
        List<String> items = items(lines);
        return items.isEmpty() ? Optional.empty() : Optional.of(items.get(items.size() - 1));
    }

    private static List<String> items(List<String> lines) {
        List<String> items = new ArrayList<>();
        for (String line : lines) {
            for (String item : line.split(",", -1)) {
                // An empty one says nothing (RFC 9110, section 5.6.1).
                if (!item.isBlank()) {
                    items.add(item.strip());
                }
            }
        }
        return items;
    }
}
