package dev.everafter.server.standalone;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.glassfish.grizzly.ssl.SSLEngineConfigurator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the TLS engine of each connection, with the certificate and key that were last read and can be used. Connections
 * that exist keep theirs. What can't be used is said once, a certificate that ends soon each day.
 *
 * <p>Safe for use by any thread; {@link #refresh()} by one at a time.
 */
final class TlsEngines extends SSLEngineConfigurator {
    private static final Logger LOG = LoggerFactory.getLogger(TlsEngines.class);
    private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
    private static final Duration SOON = Duration.ofDays(21);
    private static final Duration REMINDER = Duration.ofDays(1);
    /** Of TLS 1.2; a session of 1.3 is kept by the client. The JDK's 20,480 for a day are a gift to who makes many. */
    private static final int SESSIONS = 1_000;

    private final Tls source;
    private final InstantSource clock;
    private volatile Served served;
    /** What was wrong when last looked at, and wasn't said yet if that was the first time. */
    private String problem = "";

    private boolean said;
    private Instant nextReminder = Instant.MIN;

    /** What connections get, and of which contents it was made. */
    private record Served(List<ByteBuffer> contents, SSLContext context, SSLParameters parameters, Instant expires) {}

    /** @throws EventServerException if there is nothing to begin with */
    TlsEngines(Tls source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
        try {
            this.served = serve(source.contents());
        } catch (Tls.UnusableException e) {
            throw new EventServerException("no TLS: " + e.getMessage(), e);
        }
        LOG.info("the certificate holds until {}", served.expires());
        remind();
    }

    /** When the first of the certificates ends. */
    Instant expires() {
        return served.expires();
    }

    @Override
    public SSLEngine createSSLEngine() {
        Served now = served;
        SSLEngine engine = now.context().createSSLEngine();
        engine.setUseClientMode(false);
        engine.setSSLParameters(now.parameters());
        return engine;
    }

    @Override
    public SSLEngine createSSLEngine(String peerHost, int peerPort) {
        return createSSLEngine();
    }

    /** Looks whether the files have changed, and whether the certificate ends soon. */
    void refresh() {
        try {
            List<ByteBuffer> contents = source.contents();
            if (!contents.equals(served.contents())) {
                served = serve(contents);
                nextReminder = Instant.MIN;
                LOG.info("the certificate has changed: new connections get one that holds until {}", served.expires());
            }
            problem = "";
        } catch (Tls.UnusableException e) {
            tell(String.valueOf(e.getMessage()));
        }
        remind();
    }

    /** Not at first sight: of two files that are being replaced one is always the first. */
    private void tell(String found) {
        if (!found.equals(problem)) {
            problem = found;
            said = false;
        } else if (!said) {
            said = true;
            LOG.error("the certificate has changed and can't be used, so the one before stays: {}", found);
        }
    }

    private void remind() {
        Instant now = clock.instant();
        Instant end = served.expires();
        if (now.isBefore(nextReminder) || now.isBefore(end.minus(SOON))) {
            return;
        }
        nextReminder = now.plus(REMINDER);
        if (now.isBefore(end)) {
            LOG.warn(
                    "the certificate ends in {} days, at {}: renew it",
                    Duration.between(now, end).toDays(),
                    end);
        } else {
            LOG.error("the certificate has ended at {}, so clients refuse it: renew it", end);
        }
    }

    private Served serve(List<ByteBuffer> contents) throws Tls.UnusableException {
        Tls.Identity identity = source.read(contents);
        try {
            SSLContext context = context(identity);
            context.getServerSessionContext().setSessionCacheSize(SESSIONS);
            return new Served(contents, context, parameters(context), expires(identity.chain()));
        } catch (IOException | GeneralSecurityException e) {
            throw new Tls.UnusableException(source + " can't be used: " + e.getMessage());
        }
    }

    private static SSLContext context(Tls.Identity identity) throws IOException, GeneralSecurityException {
        char[] password = new char[0];
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, password);
        keys.setKeyEntry("server", identity.key(), password, identity.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    private static SSLParameters parameters(SSLContext context) {
        SSLParameters parameters = context.getDefaultSSLParameters();
        parameters.setProtocols(PROTOCOLS);
        parameters.setCipherSuites(Arrays.stream(parameters.getCipherSuites())
                .filter(TlsEngines::isStrong)
                .toArray(String[]::new));
        parameters.setUseCipherSuitesOrder(true);
        return parameters;
    }

    /** Ephemeral keys and authenticated encryption: all of TLS 1.3's, and those of 1.2 that RFC 9325, 4.2, recommends. */
    private static boolean isStrong(String suite) {
        boolean ephemeral = suite.startsWith("TLS_ECDHE_") || suite.matches("TLS_(AES|CHACHA20)_.*");
        return ephemeral && (suite.contains("_GCM_") || suite.contains("_CHACHA20_"));
    }

    private static Instant expires(List<X509Certificate> chain) {
        return chain.stream()
                .map(certificate -> certificate.getNotAfter().toInstant())
                .reduce((one, other) -> one.isBefore(other) ? one : other)
                .orElseThrow();
    }
}
