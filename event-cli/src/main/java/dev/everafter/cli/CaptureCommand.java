package dev.everafter.cli;

import dev.everafter.pg.CaptureOptions;
import dev.everafter.pg.LogSchema;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Makes the changes of tables events, from the moment it returns. Each table is a transaction of its own: after an error
 * those named before it are captured, and it can be run again.
 *
 * <p>Runs once.
 */
@Command(
        name = "capture",
        sortOptions = false,
        description = {
            "Make every later insert, update, delete and truncate of a table an event.",
            "",
            "Installs the log's tables, in schema everafter, where they are missing. A table is locked for a moment. Doing it"
                    + " again does no harm, and replaces the options of before: those not given have their defaults.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  everafter capture --database jdbc:postgresql://localhost/shop public.orders 'sales.\"Order\"'",
            "      two tables, written as in SQL",
            "  everafter capture --database 'jdbc:postgresql://db/shop?user=ada' orders",
            "      as ada, with the password in PGPASSWORD",
            "  everafter capture --database jdbc:postgresql://localhost/shop --without photo,notes --old changed items",
            "      leaves two columns out, and keeps of updates what changed",
            "",
            "docs/capture.md explains the options and their costs. What has changed about captured tables since:",
            "  SELECT * FROM everafter.capture_status();",
            "To end it again:",
            "  SELECT everafter.uncapture('public.orders');"
        })
final class CaptureCommand extends VerboseOption implements Callable<Integer> {
    @Option(
            names = "--database",
            paramLabel = "URL",
            required = true,
            description = "jdbc:postgresql://HOST:PORT/DATABASE. User and password may be in it, or in PGUSER and"
                    + " PGPASSWORD. The role must own the tables, and may create a schema.")
    private @Nullable String database;

    @Option(
            names = "--form",
            paramLabel = "FORM",
            description = "row: cheaper where statements change one row. statement: cheaper where they change many."
                    + " Without it statement, where that misses nothing.")
    private CaptureOptions.@Nullable Form form;

    @Option(
            names = "--columns",
            paramLabel = "COLUMN",
            split = ",",
            description = "The columns to keep, with those of the key. Without it all of them.")
    private @Nullable List<String> columns;

    @Option(names = "--without", paramLabel = "COLUMN", split = ",", description = "The columns to leave out.")
    private @Nullable List<String> without;

    @Option(
            names = "--old",
            paramLabel = "WHAT",
            description = "What an update keeps of the row as it was: full (default), changed (columns), none.")
    private CaptureOptions.@Nullable Old old;

    @Option(
            names = "--unchanged",
            paramLabel = "BOOLEAN",
            description = "false: an update that changes nothing is no event. Without it, it is one.")
    private @Nullable Boolean unchanged;

    @Option(
            names = "--key",
            paramLabel = "COLUMN",
            split = ",",
            description = "The columns that tell rows apart. Without it those of the primary key.")
    private @Nullable List<String> key;

    @Option(
            names = "--index",
            paramLabel = "NAME",
            description = "The unique index whose columns tell rows apart, in place of --key.")
    private @Nullable String index;

    @Option(
            names = "--when",
            paramLabel = "CONDITION",
            description = "In SQL, on new and old: only changes that meet it are events.")
    private @Nullable String when;

    @Option(names = "--topic", paramLabel = "TOPIC", description = "The events' topic. Without it SCHEMA.TABLE.")
    private @Nullable String topic;

    @Option(
            names = "--limit",
            paramLabel = "BYTES",
            description = "Values above it are left out with a mark: 1024 to 33554432. Without it 1048576.")
    private @Nullable Integer limit;

    @Parameters(paramLabel = "TABLE", arity = "1..*", description = "A table's name, as SQL spells it.")
    private List<String> tables = List.of();

    private final PrintStream out;

    CaptureCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() {
        Logging.start(Logging.Format.text, verbose());
        DatabaseTarget target = DatabaseTarget.parse(String.valueOf(database), System.getenv());
        target.check();
        PGSimpleDataSource source = target.dataSource("everafter capture");
        LogSchema schema = LogSchema.of(source);
        if (!schema.isInstalled()) {
            schema.install();
            out.println("installed the log in schema everafter of " + target);
        }
        CaptureOptions options = options();
        for (String table : tables) {
            schema.capture(table, options);
            out.println(table + ": its changes are events now");
        }
        return ExitCodes.OK;
    }

    private CaptureOptions options() {
        CaptureOptions.Builder options = CaptureOptions.builder();
        given(form, options::form);
        given(columns, names -> options.columns(names.toArray(String[]::new)));
        given(without, names -> options.without(names.toArray(String[]::new)));
        given(old, options::old);
        given(unchanged, options::unchanged);
        given(key, names -> options.key(names.toArray(String[]::new)));
        given(index, options::index);
        given(when, options::when);
        given(topic, options::topic);
        given(limit, options::limit);
        return options.build();
    }

    private static <T> void given(@Nullable T value, Consumer<T> option) {
        if (value != null) {
            option.accept(value);
        }
    }
}
