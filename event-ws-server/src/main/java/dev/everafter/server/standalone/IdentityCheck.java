package dev.everafter.server.standalone;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Whether a key and certificates belong together: what the key signs, the first verifies, and each was signed by the next.
 * TLS would find out only when a client comes.
 *
 * <p>Holds no state.
 */
final class IdentityCheck {
    private static final byte[] WORDS = "signed by the key".getBytes(StandardCharsets.US_ASCII);

    private IdentityCheck() {}

    static void require(Tls.Identity identity, List<Path> files) throws Tls.UnusableException {
        if (!isKeyOfFirst(identity)) {
            throw new Tls.UnusableException("the key is not that of the first certificate, in " + files
                    + ": the server's own certificate comes first, and both must be of one issue");
        }
        List<X509Certificate> chain = identity.chain();
        for (int i = 0; i + 1 < chain.size(); i++) {
            if (!isSigned(chain.get(i), chain.get(i + 1))) {
                throw new Tls.UnusableException("certificate " + (i + 2) + " in " + files
                        + " did not sign the one before" + " it: each must be followed by its issuer's");
            }
        }
    }

    private static boolean isSigned(X509Certificate certificate, X509Certificate issuer) {
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean isKeyOfFirst(Tls.Identity identity) {
        String algorithm = switch (identity.key().getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> identity.key().getAlgorithm();
        };
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(identity.key());
            signature.update(WORDS);
            byte[] signed = signature.sign();
            // Not by the certificate, whose usage may be another than this.
            signature.initVerify(identity.chain().get(0).getPublicKey());
            signature.update(WORDS);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
