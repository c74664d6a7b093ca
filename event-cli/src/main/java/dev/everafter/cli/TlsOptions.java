package dev.everafter.cli;

import dev.everafter.server.standalone.Tls;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where {@code serve} finds its certificate and key. Set by picocli before the command runs. */
final class TlsOptions {
    @Option(
            names = "--tls-cert",
            paramLabel = "FILE",
            description = "Speak https and wss, with this chain of certificates in PEM, the server's own first. Read"
                    + " again when it changes.")
    private @Nullable Path certificate;

    @Option(
            names = "--tls-key",
            paramLabel = "FILE",
            description = "The certificate's key in PEM, not encrypted: PKCS#8, or the older RSA and EC forms.")
    private @Nullable Path key;

    @Option(
            names = "--tls-keystore",
            paramLabel = "FILE",
            description = "In place of both: a key store, PKCS#12 or JKS, with one key.")
    private @Nullable Path keyStore;

    @Option(
            names = "--tls-password-file",
            paramLabel = "FILE",
            description = "The first line of this file is the key store's password.")
    private @Nullable Path passwordFile;

    /** Empty where nothing is to be encrypted. */
    Optional<Tls> tls() {
        if (certificate != null && key != null && keyStore == null && passwordFile == null) {
            return Optional.of(Tls.pem(certificate, key));
        }
        if (keyStore != null && passwordFile != null && certificate == null && key == null) {
            return Optional.of(Tls.keyStore(keyStore, passwordFile));
        }
        if (certificate == null && key == null && keyStore == null && passwordFile == null) {
            return Optional.empty();
        }
        throw new CliException(
                ExitCodes.USAGE, "TLS takes --tls-cert and --tls-key, or --tls-keystore and --tls-password-file", null);
    }
}
