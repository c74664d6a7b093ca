package dev.everafter.testkit;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A key and its self-signed certificate, for 127.0.0.1 if not said otherwise, as PEM files, made by the JDK's own {@code keytool}. Immutable.
 *
 * @param certificate also the authority to trust, since it is its own
 * @param key not encrypted
 */
public record TlsIdentity(Path certificate, Path key) {
    private static final String STORE = "identity.p12";
    private static final String PASSWORD = "of no use";

    /** Makes one in {@code folder}, which has none yet: for 127.0.0.1, of elliptic curves, for 90 days. */
    public static TlsIdentity create(Path folder) throws IOException, GeneralSecurityException {
        return create(folder, "ip:127.0.0.1", 90, "-keyalg", "EC", "-groupname", "secp256r1");
    }

    /** Makes one with a key of RSA. */
    public static TlsIdentity createRsa(Path folder) throws IOException, GeneralSecurityException {
        return create(folder, "ip:127.0.0.1", 90, "-keyalg", "RSA", "-keysize", "2048");
    }

    /** Makes one for another name, such as {@code dns:example.org}, or another time. */
    public static TlsIdentity create(Path folder, String name, int days) throws IOException, GeneralSecurityException {
        return create(folder, name, days, "-keyalg", "EC", "-groupname", "secp256r1");
    }

    private static TlsIdentity create(Path folder, String name, int days, String... algorithm)
            throws IOException, GeneralSecurityException {
        Path store = folder.resolve(STORE);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD,
                "-alias",
                "server",
                "-dname",
                "CN=" + folder.getFileName(),
                "-validity",
                Integer.toString(days),
                "-ext",
                "san=" + name,
                "-ext",
                "bc=ca:true"));
        command.addAll(List.of(algorithm));
        File output = folder.resolve("keytool.log").toFile();
        if (!PostgresPrograms.run(output, command)) {
            throw new IOException("keytool failed: " + Files.readString(output.toPath()));
        }
        KeyStore keys = load(store);
        return new TlsIdentity(
                pem(
                        folder.resolve("server.crt"),
                        "CERTIFICATE",
                        keys.getCertificate("server").getEncoded()),
                pem(
                        folder.resolve("server.key"),
                        "PRIVATE KEY",
                        keys.getKey("server", PASSWORD.toCharArray()).getEncoded()));
    }

    /** What a server uses that has this identity. */
    public SSLContext serving() throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(load(certificate.resolveSibling(STORE)), PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    /** What a client uses that trusts this identity, and no other. */
    public SSLContext trusting() throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", x509());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** The certificate. */
    public X509Certificate x509() throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(certificate)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static KeyStore load(Path store) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        return keys;
    }

    private static Path pem(Path file, String kind, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(
                file,
                "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n",
                StandardCharsets.US_ASCII);
    }
}
