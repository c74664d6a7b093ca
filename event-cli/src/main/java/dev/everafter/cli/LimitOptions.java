package dev.everafter.cli;

import dev.everafter.server.EndpointOptions;
import dev.everafter.server.Limits;
import java.time.Duration;
import java.util.Set;
import picocli.CommandLine.Option;

/** What clients of {@code serve} may take, and whose pages may connect. Set by picocli before the command runs. */
final class LimitOptions {
    @Option(
            names = "--max-connections",
            paramLabel = "N",
            defaultValue = "10000",
            description = "WebSocket connections, of all; more are answered with 503. ${DEFAULT-VALUE} if not given.")
    private int connections = Limits.DEFAULT.connections();

    @Option(
            names = "--max-connections-per-address",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Connections of one address (IPv6: of its first 64 bits); more are answered with 429."
                    + " ${DEFAULT-VALUE} if not given.")
    private int connectionsPerAddress = Limits.DEFAULT.connectionsPerAddress();

    @Option(
            names = "--max-connections-per-principal",
            paramLabel = "N",
            defaultValue = "1000",
            description =
                    "Connections of one subject, where it is asked; more are closed with 4429. ${DEFAULT-VALUE} if not"
                            + " given.")
    private int connectionsPerPrincipal = Limits.DEFAULT.connectionsPerPrincipal();

    @Option(
            names = "--max-subscriptions",
            paramLabel = "N",
            defaultValue = "64",
            description = "Subscriptions of one connection; more get an error. ${DEFAULT-VALUE} if not given.")
    private int subscriptions = EndpointOptions.defaults().subscriptions();

    @Option(
            names = "--max-message",
            paramLabel = "BYTES",
            defaultValue = "65536",
            description = "Bytes of a client's message; a longer one closes with 1009. ${DEFAULT-VALUE} if not given.")
    private int message = EndpointOptions.defaults().maxIncoming();

    @Option(
            names = "--max-messages-per-second",
            paramLabel = "N",
            defaultValue = "100",
            description = "Messages of one connection but acks, ten seconds' worth at once; more close with 4429."
                    + " ${DEFAULT-VALUE} if not given.")
    private int messagesPerSecond = Limits.DEFAULT.messagesPerSecond();

    @Option(
            names = "--max-header",
            paramLabel = "BYTES",
            defaultValue = "16384",
            description = "Bytes of a request's header; a longer one is answered with 431. ${DEFAULT-VALUE} if not"
                    + " given.")
    private int header = Limits.DEFAULT.headerBytes();

    @Option(
            names = "--handshake-time",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description =
                    "In which a new connection's first request must be complete, else 408. ${DEFAULT-VALUE} if not"
                            + " given.")
    private int handshakeSeconds = (int) Limits.DEFAULT.handshakeTime().toSeconds();

    @Option(
            names = "--idle-time",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description =
                    "In which each further request must be, on a connection that is no WebSocket. ${DEFAULT-VALUE}"
                            + " if not given.")
    private int idleSeconds = (int) Limits.DEFAULT.idleTime().toSeconds();

    @Option(
            names = "--allow-origin",
            paramLabel = "ORIGIN",
            description = "Let pages of this origin connect, such as https://app.example.org, beside the server's own."
                    + " May be given several times.")
    private Set<String> origins = Set.of();

    /** Puts them where the server looks for them. */
    EndpointOptions.Builder apply(EndpointOptions.Builder options) {
        try {
            return options.limits(new Limits(
                            connections,
                            connectionsPerAddress,
                            connectionsPerPrincipal,
                            messagesPerSecond,
                            header,
                            Duration.ofSeconds(handshakeSeconds),
                            Duration.ofSeconds(idleSeconds)))
                    .subscriptions(subscriptions)
                    .maxIncoming(message)
                    .allowedOrigins(origins);
        } catch (IllegalArgumentException e) {
            throw new CliException(ExitCodes.USAGE, "a limit is too low: " + e.getMessage(), e);
        }
    }
}
