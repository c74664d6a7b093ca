package dev.everafter.server.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.standalone.Provenance.UnclearException;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom a request is from, by what proxies say and clients invent. */
class ProvenanceTest {
    private static final TrustedProxies PROXIES = TrustedProxies.of(List.of("10.0.0.0/8", "fd00::/8", "192.0.2.7"));

    private static InetAddress address(String digits) {
        return TrustedProxies.address(digits).orElseThrow();
    }

    /** A plus stands between lines of one name. */
    private static List<String> lines(String text) {
        return text.isEmpty() ? List.of() : Arrays.asList(text.split("\\+", -1));
    }

    private static Provenance from(String peer, String listed, String forwarded) throws UnclearException {
        Map<String, List<String>> headers = Map.of("X-Forwarded-For", lines(listed), "Forwarded", lines(forwarded));
        return Provenance.of(name -> headers.getOrDefault(name, List.of()), address(peer), PROXIES);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        10.1.1.1     | 203.0.113.9                          | 203.0.113.9
        10.1.1.1     | 203.0.113.9, 10.2.2.2                | 203.0.113.9
        10.1.1.1     | 198.51.100.1, 203.0.113.9            | 203.0.113.9
        10.1.1.1     | nonsense, 203.0.113.9, 10.2.2.2      | 203.0.113.9
        10.1.1.1     | 198.51.100.1+203.0.113.9+10.2.2.2    | 203.0.113.9
        10.1.1.1     | ,, 203.0.113.9 ,                     | 203.0.113.9
        10.1.1.1     | 203.0.113.9:4711                     | 203.0.113.9
        10.1.1.1     | 2001:db8::1                          | 2001:db8::1
        10.1.1.1     | [2001:db8::1]                        | 2001:db8::1
        10.1.1.1     | [2001:db8::1]:4711                   | 2001:db8::1
        10.1.1.1     | ::ffff:203.0.113.9                   | 203.0.113.9
        10.1.1.1     | 203.0.113.9, ::ffff:10.3.3.3         | 203.0.113.9
        10.1.1.1     | 10.4.4.4, 10.5.5.5                   | 10.4.4.4
        10.1.1.1     | 203.0.113.9, unknown                 | 10.1.1.1
        10.1.1.1     | ''                                   | 10.1.1.1
        fd12::1      | 203.0.113.9                          | 203.0.113.9
        192.0.2.7    | 203.0.113.9                          | 203.0.113.9
        192.0.2.8    | 203.0.113.9                          | 192.0.2.8
        11.1.1.1     | nonsense                             | 11.1.1.1
        """)
    void shouldTakeTheNearestAddressThatIsNoProxysWhenOneIsListed(String peer, String listed, String client)
            throws Exception {
        assertEquals(address(client), from(peer, listed, "").client());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        for=203.0.113.9                                       | 203.0.113.9
        For="203.0.113.9:4711"                                | 203.0.113.9
        for=203.0.113.9:4711                                  | 203.0.113.9
        for="[2001:db8::1]:4711"                              | 2001:db8::1
        for="\\[2001:db8::1]"                                 | 2001:db8::1
        for=198.51.100.1, for=203.0.113.9;proto=https;by=_x   | 203.0.113.9
        by=_x; for=203.0.113.9 ;; proto=http, for=10.2.2.2    | 203.0.113.9
        for=198.51.100.1+for=203.0.113.9+for=10.2.2.2         | 203.0.113.9
        for="198.51.100.1, for=1.1.1.1", for=203.0.113.9      | 203.0.113.9
        for=203.0.113.9, for=_hidden                          | 10.1.1.1
        for=203.0.113.9, for=unknown                          | 10.1.1.1
        for=203.0.113.9, proto=https                          | 10.1.1.1
        """)
    void shouldTakeTheNearestAddressThatIsNoProxysWhenItIsForwarded(String forwarded, String client) throws Exception {
        assertEquals(address(client), from("10.1.1.1", "", forwarded).client());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "203.0.113.256",
                "1.2.3",
                "0177.1.1.1",
                "localhost",
                "2001:db8::1::2",
                "[203.0.113.9]",
                "[2001:db8::1",
                "203.0.113.9:port",
                "fe80::1%eth0",
                "203.0.113.9 10.1.1.1",
                "_a b",
            })
    void shouldRefuseWhenTheNearestAddressIsNone(String listed) {
        assertThrows(UnclearException.class, () -> from("10.1.1.1", listed, ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "for",
                "for=",
                "=x",
                "for=1.1.1.1 proto=http",
                "for=\"1.1.1.1",
                "for=1.1.1.1;for=2.2.2.2",
                "for = 1.1.1.1",
                "for=nonsense",
                "for=1.1.1.1\"",
                "(for=1.1.1.1)",
            })
    void shouldRefuseWhenForwardedIsNotWrittenAsTheStandardSays(String forwarded) {
        assertThrows(UnclearException.class, () -> from("10.1.1.1", "", forwarded));
    }

    @Test
    void shouldRefuseWhenBothHeadersNameDifferentClients() throws Exception {
        assertThrows(UnclearException.class, () -> from("10.1.1.1", "203.0.113.9", "for=198.51.100.1"));
        assertEquals(
                address("203.0.113.9"),
                from("10.1.1.1", "203.0.113.9", "for=203.0.113.9").client());
        assertEquals(
                address("11.1.1.1"),
                from("11.1.1.1", "203.0.113.9", "for=198.51.100.1").client());
    }

    @Test
    void shouldRefuseWhenThereAreMoreHopsThanAnybodyHas() {
        assertThrows(UnclearException.class, () -> from("10.1.1.1", "10.2.2.2,".repeat(51), ""));
    }

    @Test
    void shouldTakeSchemeAndHostFromWhoToldTheClient() throws Exception {
        Provenance through = from(
                "10.1.1.1",
                "",
                "for=203.0.113.9;proto=HTTPS;host=\"events.example.org:8443\", for=10.2.2.2;proto=http");
        assertEquals(Optional.of("https"), through.scheme());
        assertEquals(Optional.of("events.example.org:8443"), through.host());
        assertEquals(
                Optional.empty(),
                from("10.1.1.1", "", "for=1.1.1.1;proto=gopher").scheme());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "proxy.example.org", "10.0.0/8", "*"})
    void shouldRefuseANetworkThatIsNone(String network) {
        assertThrows(IllegalArgumentException.class, () -> TrustedProxies.of(List.of(network)));
    }

    @Test
    void shouldTrustExactlyTheNetworkNamed() {
        TrustedProxies proxies = TrustedProxies.of(List.of("172.16.0.0/12", "2001:db8:0:8000::/49"));
        assertTrue(proxies.trusts(address("172.31.255.255")));
        assertFalse(proxies.trusts(address("172.32.0.0")));
        assertTrue(proxies.trusts(address("2001:db8:0:ffff::1")));
        assertFalse(proxies.trusts(address("2001:db8:0:7fff::1")));
        assertTrue(TrustedProxies.of(List.of("0.0.0.0/0")).trusts(address("8.8.8.8")));
        assertFalse(TrustedProxies.of(List.of("0.0.0.0/0")).trusts(address("2001:db8::1")));
    }
}
