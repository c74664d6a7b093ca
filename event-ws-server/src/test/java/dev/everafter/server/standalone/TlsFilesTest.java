package dev.everafter.server.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.everafter.testkit.TlsIdentity;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Which files make a server's certificate, what is said of others, and what happens when they change. */
class TlsFilesTest {
    private static final String PASSWORD = "not \"asdf\"";

    private static TlsIdentity first;
    private static TlsIdentity second;
    private static TlsIdentity rsa;

    private final Path folder;
    private Instant now = Instant.now();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    TlsFilesTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeAll
    static void identify(@TempDir Path one, @TempDir Path two, @TempDir Path three) throws Exception {
        first = TlsIdentity.create(one);
        second = TlsIdentity.create(two);
        rsa = TlsIdentity.createRsa(three);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(TlsEngines.class);
    }

    @BeforeEach
    void listen() {
        log.start();
        logger().addAppender(log);
    }

    @AfterEach
    void stopListening() {
        logger().detachAppender(log);
    }

    private List<String> said(Level level) {
        return log.list.stream()
                .filter(entry -> entry.getLevel().equals(level))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    private TlsEngines engines(Tls tls) {
        return new TlsEngines(tls, () -> now);
    }

    private static Tls pem(TlsIdentity identity) {
        return Tls.pem(identity.certificate(), identity.key());
    }

    private static PrivateKey key(TlsIdentity identity, String algorithm) throws Exception {
        String base64 = Files.readString(identity.key()).replaceAll("-----[A-Z ]+-----", "");
        return KeyFactory.getInstance(algorithm)
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(base64)));
    }

    private Path file(String name, String content) throws Exception {
        return Files.writeString(folder.resolve(name), content, StandardCharsets.ISO_8859_1);
    }

    private Path copy(Path from, String name) throws Exception {
        return Files.copy(from, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }

    private String refused(Tls tls) {
        return String.valueOf(
                assertThrows(EventServerException.class, () -> engines(tls)).getMessage());
    }

    // ---- forms

    @Test
    void shouldReadKeysInTheOlderFormsToo() throws Exception {
        for (TlsIdentity identity : List.of(first, rsa)) {
            String algorithm = identity.x509().getPublicKey().getAlgorithm();
            byte[] pkcs8 = key(identity, algorithm).getEncoded();
            String pem = Base64.getMimeEncoder().encodeToString(inner(pkcs8));
            Path old = file(
                    algorithm + ".key",
                    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n-----BEGIN "
                            + algorithm + " PRIVATE KEY-----\n" + pem + "\n-----END " + algorithm
                            + " PRIVATE KEY-----\n");
            assertEquals(
                    identity.x509().getNotAfter().toInstant(),
                    engines(Tls.pem(identity.certificate(), old)).expires());
        }
    }

    /** What stands in the octet string of PKCS#8, after version and algorithm: PKCS#1 or SEC 1. */
    private static byte[] inner(byte[] pkcs8) {
        int algorithm = header(pkcs8, 0) + 3;
        int octets = algorithm + 2 + pkcs8[algorithm + 1];
        return Arrays.copyOfRange(pkcs8, octets + header(pkcs8, octets), pkcs8.length);
    }

    private static int header(byte[] der, int at) {
        return der[at + 1] < 0 ? 2 + (der[at + 1] & 0x7f) : 2;
    }

    @Test
    void shouldReadAKeyStoreOfEitherKind() throws Exception {
        Path password = file("password", PASSWORD + "\n");
        for (String kind : List.of("PKCS12", "JKS")) {
            Path store = store(kind, "server");
            assertEquals(
                    first.x509().getNotAfter().toInstant(),
                    engines(Tls.keyStore(store, password)).expires());
        }
    }

    private Path store(String kind, String... names) throws Exception {
        KeyStore keys = KeyStore.getInstance(kind);
        keys.load(null, null);
        for (String name : names) {
            keys.setKeyEntry(name, key(first, "EC"), PASSWORD.toCharArray(), new X509Certificate[] {first.x509()});
        }
        Path store = folder.resolve(kind);
        try (OutputStream out = Files.newOutputStream(store)) {
            keys.store(out, PASSWORD.toCharArray());
        }
        return store;
    }

    // ---- errors

    @Test
    void shouldNameTheFileAndTheWayOutWhenItCantBeUsed() throws Exception {
        Path chain = first.certificate();
        Path missing = folder.resolve("missing");
        Path encrypted =
                file("encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIE\n-----END ENCRYPTED PRIVATE KEY-----\n");
        Path half = file("half", Files.readString(first.key()).substring(0, 100));
        Path broken = file("broken", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n");
        Path empty = file("empty", "");
        Path password = file("password", PASSWORD);

        Stream.of(
                        List.of(refused(Tls.pem(chain, missing)), "missing", "able to"),
                        List.of(refused(Tls.pem(missing, first.key())), "missing", "able to"),
                        List.of(refused(Tls.pem(chain, encrypted)), "encrypted", "openssl pkey"),
                        List.of(refused(Tls.pem(chain, half)), "half", "no whole private key"),
                        List.of(refused(Tls.pem(chain, broken)), "broken", "no key of the kind"),
                        List.of(refused(Tls.pem(chain, chain)), "server.crt", "no whole private key"),
                        List.of(refused(Tls.pem(empty, first.key())), "empty", "no certificate"),
                        List.of(refused(Tls.pem(first.key(), first.key())), "server.key", "no certificate"),
                        List.of(
                                refused(Tls.pem(chain, second.key())),
                                "server.key",
                                "not that of the first certificate"),
                        List.of(refused(Tls.pem(chain, rsa.key())), "server.key", "which is EC"),
                        List.of(refused(Tls.keyStore(store("PKCS12", "a"), empty)), "PKCS12", "password"),
                        List.of(refused(Tls.keyStore(chain, password)), "server.crt", "key store"),
                        List.of(refused(Tls.keyStore(store("PKCS12", "a", "b"), password)), "PKCS12", "2 keys"),
                        List.of(refused(Tls.keyStore(store("PKCS12"), password)), "PKCS12", "0 keys"))
                .forEach(refusal -> {
                    assertTrue(refusal.get(0).contains(refusal.get(1)), refusal::toString);
                    assertTrue(refusal.get(0).contains(refusal.get(2)), refusal::toString);
                });
    }

    @Test
    void shouldSayWhatAChainIsWhenItIsNone() throws Exception {
        Path mixed = file("chain", Files.readString(first.certificate()) + Files.readString(second.certificate()));
        String refused = refused(Tls.pem(mixed, first.key()));
        assertTrue(refused.contains("followed by its issuer's"), refused);
    }

    // ---- changes

    @Test
    void shouldKeepWhatItHasUntilTheFilesFitAndSaySoOnce() throws Exception {
        Path chain = copy(first.certificate(), "chain");
        Path key = copy(first.key(), "key");
        TlsEngines engines = engines(Tls.pem(chain, key));
        Instant before = engines.expires();

        // Half of a change: the key is another's.
        copy(rsa.certificate(), "chain");
        engines.refresh();
        assertEquals(List.of(), said(Level.ERROR), "it may be in the middle of the change");
        engines.refresh();
        engines.refresh();
        assertEquals(1, said(Level.ERROR).size(), log.list::toString);
        assertTrue(said(Level.ERROR).get(0).contains("which is RSA"), log.list::toString);
        Files.delete(key);
        engines.refresh();
        engines.refresh();
        engines.refresh();
        assertEquals(2, said(Level.ERROR).size(), log.list::toString);
        assertEquals(before, engines.expires());

        copy(rsa.key(), "key");
        engines.refresh();
        assertNotEquals(before, engines.expires());
        assertEquals(rsa.x509().getNotAfter().toInstant(), engines.expires());
        assertEquals(2, said(Level.ERROR).size(), log.list::toString);
    }

    @Test
    void shouldSayNothingWhenOneFileChangesBeforeTheOther() throws Exception {
        Path chain = copy(first.certificate(), "chain");
        Path key = copy(first.key(), "key");
        TlsEngines engines = engines(Tls.pem(chain, key));
        copy(rsa.certificate(), "chain");
        engines.refresh();
        copy(rsa.key(), "key");
        engines.refresh();
        engines.refresh();
        assertEquals(List.of(), said(Level.ERROR));
        assertEquals(rsa.x509().getNotAfter().toInstant(), engines.expires());
    }

    @Test
    void shouldRemindEachDayWhenTheCertificateEndsSoon() {
        TlsEngines engines = engines(pem(first));
        assertEquals(List.of(), said(Level.WARN));
        now = engines.expires().minus(Duration.ofDays(20));
        for (int hour = 0; hour < 48; hour++) {
            engines.refresh();
            now = now.plus(Duration.ofHours(1));
        }
        assertEquals(2, said(Level.WARN).size(), log.list::toString);
        assertTrue(said(Level.WARN).get(0).contains("in 20 days"), log.list::toString);
        now = engines.expires();
        engines.refresh();
        assertTrue(said(Level.ERROR).get(0).contains("has ended"), log.list::toString);
    }
}
