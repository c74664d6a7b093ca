package dev.everafter.server.standalone;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Where a server's certificate and key are: in PEM files, or in a key store. They are read when the server starts, and
 * again when they have changed; what can't be used never takes the place of what can, see {@code docs/operations.md}.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class Tls {
    private final List<Path> files;
    private final Reader reader;

    /** A key, and the certificates from its own towards the root. */
    record Identity(PrivateKey key, List<X509Certificate> chain) {}

    /** Says which file can't be used, why, and what to do. */
    static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableException(String message) {
            super(message);
        }
    }

    /** Makes an identity of the files' contents. */
    private interface Reader {
        Identity read(List<ByteBuffer> contents) throws UnusableException;
    }

    private Tls(List<Path> files, Reader reader) {
        this.files = files;
        this.reader = reader;
    }

    /**
     * PEM files (RFC 7468), as certification authorities and their tools write them.
     *
     * @param chain the server's own certificate, then those that lead to the root
     * @param key its key, not encrypted: {@code PRIVATE KEY} (PKCS#8), {@code RSA PRIVATE KEY} or {@code EC PRIVATE KEY}
     */
    public static Tls pem(Path chain, Path key) {
        return new Tls(
                List.of(chain, key),
                contents -> new PemFiles(chain, key).read(bytes(contents.get(0)), bytes(contents.get(1))));
    }

    /**
     * A key store, PKCS#12 or JKS, with one key and its certificates.
     *
     * @param passwordFile its first line is the password, of the store and of the key in it
     */
    public static Tls keyStore(Path store, Path passwordFile) {
        return new Tls(
                List.of(store, passwordFile),
                contents -> stored(store, bytes(contents.get(0)), bytes(contents.get(1))));
    }

    /** What the files hold now; equal to what they held before unless they have changed. */
    List<ByteBuffer> contents() throws UnusableException {
        List<ByteBuffer> contents = new ArrayList<>();
        for (Path file : files) {
            try {
                contents.add(ByteBuffer.wrap(Files.readAllBytes(file)));
            } catch (IOException e) {
                throw new UnusableException("can't read " + file + ", which this process must be able to: " + e);
            }
        }
        return contents;
    }

    /** Reads a key and certificates that belong together. */
    Identity read(List<ByteBuffer> contents) throws UnusableException {
        try {
            Identity identity = reader.read(contents);
            IdentityCheck.require(identity, files);
            return identity;
        } catch (RuntimeException e) {
            // What is no DER may surface in any way.
            throw new UnusableException(files + " can't be read: " + e);
        }
    }

    @Override
    public String toString() {
        return "Tls" + files;
    }

    private static byte[] bytes(ByteBuffer content) {
        byte[] bytes = new byte[content.remaining()];
        content.duplicate().get(bytes);
        return bytes;
    }

    private static Identity stored(Path file, byte[] store, byte[] passwordFile) throws UnusableException {
        char[] password = new String(passwordFile, StandardCharsets.UTF_8)
                .lines()
                .findFirst()
                .orElse("")
                .toCharArray();
        try {
            // It reads JKS as well.
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(new ByteArrayInputStream(store), password);
            List<Identity> found = new ArrayList<>();
            for (String alias : Collections.list(keys.aliases())) {
                if (keys.isKeyEntry(alias) && keys.getKey(alias, password) instanceof PrivateKey key) {
                    found.add(new Identity(key, x509(keys.getCertificateChain(alias))));
                }
            }
            if (found.size() != 1) {
                throw new UnusableException(file + " holds " + found.size()
                        + " keys: leave the server's, with its certificates, and no other");
            }
            return found.get(0);
        } catch (IOException | GeneralSecurityException e) {
            throw new UnusableException(
                    file + " can't be opened as a key store with the password that was given: " + e.getMessage());
        }
    }

    private static List<X509Certificate> x509(Certificate[] chain) {
        List<X509Certificate> result = new ArrayList<>();
        for (Certificate certificate : chain) {
            result.add((X509Certificate) certificate);
        }
        return List.copyOf(result);
    }
}
