package dev.everafter.server.standalone;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Networks whose word is taken for whom a request is from and how it came: those of proxies that set {@code Forwarded} or
 * {@code X-Forwarded-For} themselves. Nobody else's word is.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class TrustedProxies {
    /** Nobody's word is taken: whoever connects is the client. */
    public static final TrustedProxies NONE = new TrustedProxies(List.of());

    private static final Pattern IPV4 = Pattern.compile("(?:(?:0|[1-9][0-9]{0,2})(?:\\.(?!$)|$)){4}");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private final List<Network> networks;

    private TrustedProxies(List<Network> networks) {
        this.networks = List.copyOf(networks);
    }

    /**
     * Those of these networks, each as {@code 10.0.0.0/8}, {@code fd00::/8}, or an address alone.
     *
     * @throws IllegalArgumentException if one is none
     */
    public static TrustedProxies of(List<String> networks) {
        List<Network> parsed = new ArrayList<>();
        for (String network : networks) {
            parsed.add(Network.parse(network));
        }
        return new TrustedProxies(parsed);
    }

    /** Whether {@code address} is in one of them. */
    public boolean trusts(InetAddress address) {
        return networks.stream().anyMatch(network -> network.contains(address.getAddress()));
    }

    /** An address written in digits; never asks for a name. IPv4 within IPv6 is taken for IPv4. */
    static Optional<InetAddress> address(String digits) {
        if (!IPV4.matcher(digits).matches() && !IPV6.matcher(digits).matches()) {
            return Optional.empty();
        }
        try {
            // With brackets it can't be taken for a name.
            return Optional.of(InetAddress.getByName(digits.contains(":") ? "[" + digits + "]" : within255(digits)));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    private static String within255(String digits) throws UnknownHostException {
        for (String part : digits.split("\\.", -1)) {
            if (Integer.parseInt(part) > 255) {
                throw new UnknownHostException(digits);
            }
        }
        return digits;
    }

    /** The first {@code bits} of an address. */
    private record Network(InetAddress first, int bits) {
        static Network parse(String text) {
            String[] parts = text.strip().split("/", 2);
            InetAddress first = address(parts[0]).orElseThrow(() -> unusable(text));
            int bits = first.getAddress().length * 8;
            if (parts.length == 2) {
                if (!parts[1].matches("[0-9]{1,3}") || Integer.parseInt(parts[1]) > bits) {
                    throw unusable(text);
                }
                bits = Integer.parseInt(parts[1]);
            }
            return new Network(first, bits);
        }

        private static IllegalArgumentException unusable(String text) {
            return new IllegalArgumentException(
                    "\"" + text + "\" is no network: expected one such as 10.0.0.0/8, fd00::/8" + " or 192.0.2.7");
        }

        boolean contains(byte[] address) {
            byte[] prefix = first.getAddress();
            if (address.length != prefix.length) {
                return false;
            }
            for (int i = 0; i < bits; i++) {
                int mask = 0x80 >> (i % 8);
                if ((address[i / 8] & mask) != (prefix[i / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }
}
