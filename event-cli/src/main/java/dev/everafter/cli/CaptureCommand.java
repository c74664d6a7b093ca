package dev.everafter.cli;

import dev.everafter.pg.LogSchema;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.Callable;
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
            "Installs the log's tables, in schema everafter, where they are missing. A table needs a primary key, and is"
                    + " locked for a moment. Doing it again does no harm.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  everafter capture --database jdbc:postgresql://localhost/shop public.orders 'sales.\"Order\"'",
            "      two tables, written as in SQL",
            "  everafter capture --database 'jdbc:postgresql://db/shop?user=ada' orders",
            "      as ada, with the password in PGPASSWORD",
            "",
            "To end it again, in SQL: SELECT everafter.uncapture('public.orders');"
        })
final class CaptureCommand extends VerboseOption implements Callable<Integer> {
    @Option(
            names = "--database",
            paramLabel = "URL",
            required = true,
            description = "jdbc:postgresql://HOST:PORT/DATABASE. User and password may be in it, or in PGUSER and"
                    + " PGPASSWORD. The role must own the tables, and may create a schema.")
    private @Nullable String database;

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
        for (String table : tables) {
            schema.capture(table);
            out.println(table + ": its changes are events now");
        }
        return ExitCodes.OK;
    }
}
