package dev.everafter.cli;

import dev.everafter.client.ActiveSubscription;
import dev.everafter.client.EventClient;
import dev.everafter.client.EventClientException;
import dev.everafter.client.GapPolicy;
import dev.everafter.client.PositionStore;
import dev.everafter.client.Subscription;
import dev.everafter.core.Filter;
import dev.everafter.core.StartFrom;
import dev.everafter.pg.PgEventLog;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Prints every matching event, one JSON line each, in the order of their ids. With a store, a position is saved only after
 * the lines up to it have left the process: a restart misses none, and may repeat some after a kill.
 *
 * <p>Runs once.
 */
@Command(
        name = "tail",
        sortOptions = false,
        description = {
            "Print events as they are committed, one JSON line each.",
            "",
            "Lines come in the order of their ids, on stdout; everything else is said on stderr. A lost connection is"
                    + " made again and goes on after the last printed event. Ctrl-C, or the end of whoever reads the"
                    + " output, ends it.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  everafter tail",
            "      what happens from now on",
            "  everafter tail --from start --where \"topic = 'demo.orders'\" | head -3",
            "      the first three events of a table",
            "  everafter tail --where \"type in ('insert', 'update') and data.total > 100\"",
            "      two conditions; or, not and parentheses as in SQL",
            "  everafter tail --from 2026-11-24T00:00:00Z",
            "      everything since a time, perhaps with some earlier events",
            "  everafter tail --from start --store orders.position >> orders.jsonl",
            "      every event once, over any number of runs",
            "",
            "With --store the position is saved after a line was written, several times a second. After Ctrl-C the next"
                    + " run goes on exactly behind it. After a kill -9 the last lines may come again: drop the ones whose"
                    + " id you have (and an unfinished last line, which comes again whole)."
        })
final class TailCommand extends VerboseOption implements Callable<Integer> {
    static final String DEFAULT_URL = "ws://127.0.0.1:8800/ws";
    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    @Option(
            names = "--url",
            paramLabel = "URL",
            converter = Converters.WebSocketAddress.class,
            defaultValue = DEFAULT_URL,
            description = "The server's WebSocket address; ${DEFAULT-VALUE} if not given.")
    private URI url = URI.create(DEFAULT_URL);

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description =
                    "The token to show, which this file holds; read anew for each connection. Without it: the one in"
                            + " the environment's EVERAFTER_TOKEN, if there is one.")
    private @Nullable Path tokenFile;

    @Option(
            names = "--ca-file",
            paramLabel = "FILE",
            description =
                    "For wss: trust servers whose certificate one of these (PEM) has signed, or is; without it those"
                            + " that Java trusts. The host's name must be the certificate's either way.")
    private @Nullable Path authorities;

    @Option(
            names = "--from",
            paramLabel = "START",
            converter = Converters.Start.class,
            defaultValue = "now",
            description =
                    "now (default); start, the oldest event that is kept; an event's ID, to go on after it; or a time"
                            + " such as 2026-11-24T00:00:00Z. A position in the store goes before it.")
    private StartFrom from = StartFrom.now();

    @Option(
            names = "--where",
            paramLabel = "FILTER",
            converter = Converters.Where.class,
            description = "Only events that match this filter, on topic, type, id, at, key.*, data.*, old.*, any;"
                    + " operators =, !=, <, <=, >, >=, like, ilike, in, exists, contains. Also in its JSON form.")
    private @Nullable Filter where;

    @Option(
            names = "--explain",
            description =
                    "Don't connect; say how a replay is answered: what of the filter PostgreSQL decides, exactly or"
                            + " not, and what it costs.")
    private boolean explain;

    @Option(
            names = "--store",
            paramLabel = "FILE",
            description = "Keep the position in this file, and go on from there the next time."
                    + " For one process at a time.")
    private @Nullable Path store;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            defaultValue = "tail",
            description = "The position's name in the store; ${DEFAULT-VALUE} if not given.")
    private String name = "tail";

    @Option(
            names = "--on-gap",
            paramLabel = "WHAT",
            defaultValue = "stop",
            description =
                    "Where events can't be had any more: stop (default; exit code 3, and the next run with the same"
                            + " store goes on behind them), or continue.")
    private GapPolicy onGap = GapPolicy.STOP;

    private final PrintStream out;

    TailCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        if (explain) {
            out.println(PgEventLog.explain(where == null ? Filter.all() : where));
            return ExitCodes.OK;
        }
        Logging.start(Logging.Format.text, verbose());
        if (!verbose()) {
            Logging.silence(EventClient.class.getPackageName());
        }
        Closing closing = new Closing();
        try (StopHook hook = StopHook.register(closing, PATIENCE)) {
            EventClient client = closing.open("the client", this::client);
            LineOutput lines = new LineOutput(out);
            ActiveSubscription subscription = client.subscribe(subscription(), event -> lines.print(event.item()));
            return await(subscription);
        } finally {
            closing.close();
        }
    }

    private EventClient client() {
        EventClient.Builder client =
                EventClient.builder().uri(url).listener(new TailListener(url)).maxMessageBytes(MAX_MESSAGE_BYTES);
        showToken(client);
        if (authorities != null) {
            client.sslContext(TrustedFile.context(authorities));
        }
        if (store != null) {
            Path file = store.toAbsolutePath();
            Path directory = file.getParent();
            if (directory != null && !Files.isDirectory(directory)) {
                throw new CliException(
                        ExitCodes.USAGE, "--store " + store + ": there is no directory " + directory, null);
            }
            client.positionStore(PositionStore.file(file));
        }
        return client.build();
    }

    private void showToken(EventClient.Builder client) {
        String fromEnvironment = System.getenv("EVERAFTER_TOKEN");
        if (tokenFile != null) {
            Path file = tokenFile;
            token(file);
            client.token(() -> token(file));
        } else if (fromEnvironment != null) {
            client.token(fromEnvironment.strip());
        }
    }

    private static String token(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new CliException(ExitCodes.USAGE, "--token-file " + file + " can't be read: " + e, e);
        }
    }

    private Subscription subscription() {
        Subscription subscription = (where == null ? Subscription.all() : Subscription.where(where))
                .from(from)
                .onGap(onGap);
        return store == null ? subscription : subscription.named(name);
    }

    private static int await(ActiveSubscription subscription) throws InterruptedException {
        try {
            subscription.done().toCompletableFuture().get();
            return ExitCodes.OK;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof LineOutput.ClosedException) {
                return ExitCodes.OK;
            }
            boolean gap = cause instanceof EventClientException known && known.code() == EventClientException.Code.GAP;
            throw new CliException(gap ? ExitCodes.GAP : ExitCodes.FAILURE, String.valueOf(cause.getMessage()), cause);
        }
    }
}
