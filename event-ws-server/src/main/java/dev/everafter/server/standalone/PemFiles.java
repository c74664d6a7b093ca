package dev.everafter.server.standalone;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a chain of certificates and a key from PEM.
 *
 * <p>The JDK reads keys in PKCS#8 alone (RFC 5208), which wraps the older forms (RFC 8017, RFC 5915) in the name of their
 * algorithm; a certificate has the same name for the same key, so it lends it.
 *
 * @param chainFile for messages
 * @param keyFile for messages
 */
record PemFiles(Path chainFile, Path keyFile) {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN ((?:[A-Z0-9]+ )?PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");
    private static final Pattern PROTECTED =
            Pattern.compile("-----BEGIN ENCRYPTED PRIVATE KEY-|Proc-Type: 4,ENCRYPTED");
    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};

    Tls.Identity read(byte[] chainPem, byte[] keyPem) throws Tls.UnusableException {
        List<X509Certificate> chain = chain(chainPem);
        return new Tls.Identity(
                key(
                        new String(keyPem, StandardCharsets.ISO_8859_1),
                        chain.get(0).getPublicKey()),
                chain);
    }

    private List<X509Certificate> chain(byte[] pem) throws Tls.UnusableException {
        List<X509Certificate> chain = new ArrayList<>();
        try {
            CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem))
                    .forEach(certificate -> chain.add((X509Certificate) certificate));
        } catch (CertificateException e) {
            throw new Tls.UnusableException(chainFile + " holds something that is no certificate: " + e.getMessage());
        }
        if (chain.isEmpty()) {
            throw new Tls.UnusableException(chainFile + " holds no certificate (-----BEGIN CERTIFICATE-----)");
        }
        return List.copyOf(chain);
    }

    private PrivateKey key(String pem, PublicKey counterpart) throws Tls.UnusableException {
        if (PROTECTED.matcher(pem).find()) {
            throw new Tls.UnusableException(keyFile + " is encrypted: let it hold what `openssl pkey -in " + keyFile
                    + "` prints, readable to this process alone; or use a key store");
        }
        Matcher key = KEY.matcher(pem);
        if (!key.find()) {
            throw new Tls.UnusableException(keyFile + " holds no whole private key (-----BEGIN PRIVATE KEY-----)");
        }
        String algorithm = counterpart.getAlgorithm();
        try {
            byte[] der = Base64.getMimeDecoder().decode(key.group(2));
            byte[] pkcs8 = key.group(1).equals("PRIVATE KEY") ? der : wrapped(der, counterpart);
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new Tls.UnusableException(keyFile + " holds no key of the kind of the certificate in " + chainFile
                    + ", which is " + algorithm + ": " + e.getMessage());
        }
    }

    private static byte[] wrapped(byte[] key, PublicKey counterpart) {
        return element(SEQUENCE, VERSION_0, algorithm(counterpart), element(OCTET_STRING, key));
    }

    /** The first element of a SubjectPublicKeyInfo (RFC 5280, section 4.1): the key's algorithm. */
    private static byte[] algorithm(PublicKey key) {
        byte[] info = key.getEncoded();
        int start = headerBytes(info, 0);
        int length = info[start + 1] & 0xff;
        if (length > 0x7f) {
            throw new IllegalArgumentException("its algorithm has parameters of a length that isn't known");
        }
        return Arrays.copyOfRange(info, start, start + 2 + length);
    }

    /** Tag and length (X.690, section 8.1.3). */
    private static int headerBytes(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        return length > 0x7f ? 2 + (length & 0x7f) : 2;
    }

    private static byte[] element(int tag, byte[]... parts) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            body.writeBytes(part);
        }
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(tag);
        int length = body.size();
        int bytes = length < 0x80 ? 0 : length < 0x100 ? 1 : 2;
        whole.write(bytes == 0 ? length : 0x80 | bytes);
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
            whole.write(length >> shift);
        }
        whole.writeBytes(body.toByteArray());
        return whole.toByteArray();
    }
}
