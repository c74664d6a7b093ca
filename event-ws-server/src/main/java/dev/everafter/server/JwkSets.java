package dev.everafter.server;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetRetrievalException;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** JWK sets that are read seldom, from wherever they are. Holds no state. */
final class JwkSets {
    private static final Duration FRESH = Duration.ofMinutes(5);
    private static final Duration OUTAGE = Duration.ofHours(1);
    /** In which a set is read twice at most. */
    private static final Duration INTERVAL = Duration.ofSeconds(30);
    /** Below the patience that sessions have with an authenticator. */
    private static final Duration READ = Duration.ofSeconds(2);

    private static final int MAX_BYTES = 1 << 20;
    private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "[::1]");

    private JwkSets() {}

    static JWKSource<SecurityContext> at(URI url) {
        boolean local = "http".equals(url.getScheme()) && THIS_MACHINE.contains(String.valueOf(url.getHost()));
        if (!"https".equals(url.getScheme()) && !local) {
            throw new IllegalArgumentException(
                    "keys " + url + ": expected https, for whoever can change the answer could sign any token");
        }
        int millis = (int) READ.toMillis();
        try {
            return cached(
                    JWKSourceBuilder.create(url.toURL(), new DefaultResourceRetriever(millis, millis, MAX_BYTES)));
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException("keys " + url + ": not a URL", e);
        }
    }

    static JWKSource<SecurityContext> in(Path file) {
        return cached(JWKSourceBuilder.create(new InFile(file.toFile())));
    }

    private static JWKSource<SecurityContext> cached(JWKSourceBuilder<SecurityContext> source) {
        return source.cache(FRESH.toMillis(), READ.toMillis())
                .refreshAheadCache(false)
                .rateLimited(INTERVAL.toMillis())
                .outageTolerant(OUTAGE.toMillis())
                .build();
    }

    private record InFile(File file) implements JWKSetSource<SecurityContext> {
        @Override
        public JWKSet getJWKSet(
                JWKSetCacheRefreshEvaluator refresh, long currentTime, @Nullable SecurityContext context)
                throws KeySourceException {
            try {
                return JWKSet.load(file);
            } catch (IOException | ParseException e) {
                throw new JWKSetRetrievalException("the JWK set in " + file + " can't be read", e);
            }
        }

        @Override
        public void close() {}
    }
}
