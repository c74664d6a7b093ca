package dev.everafter.cli;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.everafter.core.EventHub;
import dev.everafter.core.EventLog;
import dev.everafter.pg.LogSchema;
import dev.everafter.pg.PgEventLog;
import dev.everafter.server.EndpointOptions;
import dev.everafter.server.standalone.EventServer;
import dev.everafter.server.standalone.Tls;
import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Serves one database's events until the process is told to end; then says goodbye to the clients, and stops what it
 * started, the embedded database included, within seconds.
 *
 * <p>Runs once. Ends early if its thread is interrupted.
 */
@Command(
        name = "serve",
        sortOptions = false,
        description = {
            "Serve a database's events over WebSocket, with a console page to look at them.",
            "",
            "Without --database it starts a PostgreSQL 18 of its own, for trying out, which keeps its data from one run"
                    + " to the next. The log's tables, in schema everafter, are installed where they are missing."
                    + " Ctrl-C ends it.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  everafter serve --demo",
            "      something to look at: an embedded database and a table that changes every second",
            "  everafter serve --database jdbc:postgresql://localhost/shop",
            "      a database you have; PGUSER and PGPASSWORD say who you are",
            "  everafter serve --database jdbc:postgresql://localhost/shop --port 9000 --log json",
            "      on another port, with logs for a machine to read",
            "",
            "  everafter serve --database jdbc:postgresql://localhost/shop --table public.logs --time-column created_at",
            "      a table that others made, with SELECT on it and nothing else",
            "",
            "  everafter serve --demo --auth tokens --tokens-file tokens.jsonl",
            "      for those who have a token, which `everafter token` makes",
            "  everafter serve --demo --tls-cert server.crt --tls-key server.key",
            "      encrypted; the files are read again when they have changed",
            "",
            "  everafter serve --auth tokens --tokens-file tokens.jsonl --access-rules rules.json",
            "      where each sees what the rules show, see docs/access.md",
            "",
            "Without --auth it listens on loopback only, since it asks nobody who they are. `everafter capture` says whose"
                    + " changes become events."
        })
final class ServeCommand extends VerboseOption implements Callable<Integer> {
    private static final Logger LOG = LoggerFactory.getLogger(ServeCommand.class);
    /** For a server that hangs: how long to wait for its answer. */
    private static final Duration TAIL_PATIENCE = Duration.ofSeconds(10);

    private static final Duration CATCH_UP_PATIENCE = Duration.ofSeconds(30);
    private static final Duration AUTH_PATIENCE = Duration.ofSeconds(5);
    private static final int POOL_SIZE = 4;
    private static final int AUTH_POOL_SIZE = 2;
    /** As many as call functions at a time. */
    private static final int RENDER_POOL_SIZE = 4;

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration DRAIN = Duration.ofSeconds(3);
    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration DEMO_PAUSE = Duration.ofSeconds(1);

    @Option(
            names = "--database",
            paramLabel = "URL",
            description = "jdbc:postgresql://HOST:PORT/DATABASE. User and password may be in it, or in PGUSER and"
                    + " PGPASSWORD. Without this option: the embedded PostgreSQL.")
    private @Nullable String database;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "The address to listen on; ${DEFAULT-VALUE} if not given. Without --auth a loopback address.")
    private String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8800",
            description = "The port to listen on; ${DEFAULT-VALUE} if not given, 0 for any that is free.")
    private int port = 8800;

    @Option(
            names = "--database-port",
            paramLabel = "PORT",
            defaultValue = "" + EmbeddedDatabase.DEFAULT_PORT,
            description = "The embedded PostgreSQL's port; ${DEFAULT-VALUE} if not given.")
    private int databasePort = EmbeddedDatabase.DEFAULT_PORT;

    @Option(
            names = "--demo",
            description = "Make a small table, " + Demo.TABLE + ", capture it, and change it every second.")
    private boolean demo;

    @Mixin
    private AuthOptions auth = new AuthOptions();

    @Mixin
    private AccessOptions access = new AccessOptions();

    @Option(
            names = "--log",
            paramLabel = "FORM",
            defaultValue = "text",
            description = "How log lines look, on stderr: text (default) or json.")
    private Logging.Format log = Logging.Format.text;

    @ArgGroup(validate = false, heading = "%nEncryption, see docs/operations.md:%n")
    private TlsOptions encryption = new TlsOptions();

    @ArgGroup(validate = false, heading = "%nA table that others made, see docs/adopting.md:%n")
    private AdoptOptions adopt = new AdoptOptions();

    @ArgGroup(validate = false, heading = "%nBehind a proxy, see docs/operations.md:%n")
    private ProxyOptions proxy = new ProxyOptions();

    @ArgGroup(validate = false, heading = "%nWhat clients may take, see docs/operations.md:%n")
    private LimitOptions limits = new LimitOptions();

    private final PrintStream out;

    ServeCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() throws Exception {
        Logging.start(log, verbose());
        auth.check();
        access.check(auth.asks());
        proxy.check();
        adopt.check(database != null, demo);
        requirePort("--port", port, 0);
        requirePort("--database-port", databasePort, 1);
        Closing closing = new Closing();
        StopHook hook = StopHook.register(closing, PATIENCE);
        try {
            start(closing);
            // Until the hook has stopped everything and the JVM ends.
            new CountDownLatch(1).await();
            return ExitCodes.OK;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitCodes.OK;
        } finally {
            closing.close();
            hook.close();
        }
    }

    private static void requirePort(String option, int port, int least) {
        if (port < least || port > 65_535) {
            throw new CliException(ExitCodes.USAGE, option + " " + port + ": expected " + least + " to 65535", null);
        }
    }

    private void start(Closing closing) throws Exception {
        EndpointOptions.Builder rules = limits.apply(EndpointOptions.builder());
        Optional<Tls> tls = encryption.tls();
        DatabaseTarget target = database == null ? embedded(closing) : DatabaseTarget.parse(database, System.getenv());
        target.check();
        HikariDataSource pool = closing.open(
                "the connection pool", () -> pool(target, "everafter catch-up", CATCH_UP_PATIENCE, POOL_SIZE));
        EventLog events = closing.open(
                "the log",
                () -> adopt.table().map(table -> adopted(table, target, pool)).orElseGet(() -> own(target, pool)));
        EventHub hub = closing.open(
                "the hub", () -> EventHub.builder(events).listener(new HubLog()).build());
        if (!hub.awaitStarted(START)) {
            throw new CliException("the log of " + target + " can't be followed: "
                    + events.status().problem().orElse("no answer within " + START.toSeconds() + " s"));
        }
        if (demo) {
            Demo shop = new Demo(target.dataSource("everafter demo"), new Random(), ServeCommand::daemon);
            shop.install();
            LogSchema.of(target.dataSource("everafter capture")).capture(Demo.TABLE);
            closing.open("the demo", () -> shop.start(DEMO_PAUSE));
        }
        EventServer server = closing.open("the server", () -> {
            EventServer.Builder builder = EventServer.builder(hub)
                    .host(host)
                    .port(port)
                    .options(options(rules, target, closing))
                    .drainTimeout(DRAIN);
            tls.ifPresent(builder::tls);
            access.adminToken().ifPresent(builder::adminToken);
            return proxy.apply(builder).start();
        });
        welcome(server.port(), target, tls.isPresent());
    }

    private static EventLog own(DatabaseTarget target, HikariDataSource pool) {
        LogSchema.of(target.dataSource("everafter install")).install();
        return PgEventLog.builder()
                .dataSource(pool)
                .tailer(() -> tailSession(target))
                .build();
    }

    private EventLog adopted(String table, DatabaseTarget target, HikariDataSource pool) {
        return adopt.log(table)
                .dataSource(pool)
                .tailer(() -> tailSession(target))
                .build();
    }

    private static Connection tailSession(DatabaseTarget target) throws SQLException {
        return target.dataSource("everafter tail", TAIL_PATIENCE).getConnection();
    }

    private DatabaseTarget embedded(Closing closing) throws Exception {
        Path home = UserPlaces.data(System.getenv(), System.getProperties());
        LOG.info(
                "starting an embedded PostgreSQL 18 with its data in {}: for trying out; for anything else name a"
                        + " database with --database",
                home.resolve("pg18"));
        return closing.open("the embedded PostgreSQL", () -> EmbeddedDatabase.start(home, databasePort))
                .target();
    }

    private EndpointOptions options(EndpointOptions.Builder rules, DatabaseTarget target, Closing closing) {
        auth.authentication(name -> pool(target, name, AUTH_POOL_SIZE, closing)).ifPresent(rules::authentication);
        access.policy(name -> pool(target, name, AUTH_POOL_SIZE, closing)).ifPresent(rules::accessPolicy);
        rules.renderings(access.renderers(name -> pool(target, name, RENDER_POOL_SIZE, closing)));
        return rules.build();
    }

    /** Apart from that of catch-up, so that neither waits for the other. */
    private static HikariDataSource pool(DatabaseTarget target, String name, int size, Closing closing) {
        try {
            return closing.open(name, () -> pool(target, name, AUTH_PATIENCE, size));
        } catch (Exception e) {
            throw new CliException("no connections for " + name + ": " + e.getMessage(), e);
        }
    }

    private static HikariDataSource pool(DatabaseTarget target, String name, Duration patience, int size) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setDataSource(target.dataSource(name, patience));
        config.setConnectionTimeout(patience.toMillis());
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(1);
        return new HikariDataSource(config);
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "everafter-demo");
        thread.setDaemon(true);
        return thread;
    }

    private void welcome(int port, DatabaseTarget target, boolean encrypted) {
        String place = (host.contains(":") ? "[" + host + "]" : host) + ":" + port + proxy.pathPrefix();
        String secure = encrypted ? "s" : "";
        String url = "ws" + secure + "://" + place + "/ws";
        String tail = url.equals(TailCommand.DEFAULT_URL) ? "tail" : "tail --url " + url;
        out.println();
        out.println("everafter is running.");
        out.println();
        out.println("  console    http" + secure + "://" + place + "/");
        out.println("  WebSocket  " + url);
        out.println("  database   " + target + (database == null ? "  (embedded, for trying out)" : ""));
        if (demo) {
            out.println("  demo       table " + Demo.TABLE + ", changed every second");
        }
        out.println();
        out.println("See the events in the console, or in a second terminal with");
        out.println("  " + Launch.command(tail));
        out.println("Stop with Ctrl-C.");
        out.println();
        out.flush();
    }
}
