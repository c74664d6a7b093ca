package dev.everafter.cli;

import dev.everafter.server.standalone.EventServer;
import dev.everafter.server.standalone.TrustedProxies;
import java.util.List;
import picocli.CommandLine.Option;

/** What stands before {@code serve}. Set by picocli before the command runs. */
final class ProxyOptions {
    @Option(
            names = "--trusted-proxy",
            paramLabel = "CIDR",
            split = ",",
            description =
                    "Networks of proxies whose Forwarded or X-Forwarded-For, -Proto and -Host are taken for true, such"
                            + " as 10.0.0.0/8,fd00::/8. Without: nobody's.")
    private List<String> trusted = List.of();

    @Option(
            names = "--path-prefix",
            paramLabel = "PATH",
            description = "Put this before every path, such as /events, as a proxy passes it on. Without: nothing.")
    private String pathPrefix = "";

    /** Fails, with the reason, where a network is none. */
    void check() {
        proxies();
    }

    /** Puts them where the server looks for them. */
    EventServer.Builder apply(EventServer.Builder server) {
        try {
            return server.trustedProxies(proxies()).pathPrefix(pathPrefix);
        } catch (IllegalArgumentException e) {
            throw new CliException(ExitCodes.USAGE, "--path-prefix: " + e.getMessage(), e);
        }
    }

    String pathPrefix() {
        return pathPrefix;
    }

    private TrustedProxies proxies() {
        try {
            return TrustedProxies.of(trusted);
        } catch (IllegalArgumentException e) {
            throw new CliException(ExitCodes.USAGE, "--trusted-proxy: " + e.getMessage(), e);
        }
    }
}
