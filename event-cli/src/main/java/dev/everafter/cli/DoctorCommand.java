package dev.everafter.cli;

import dev.everafter.pg.Doctor;
import dev.everafter.pg.Finding;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Says what a log's promise suffers from in a database, as the role that will follow it.
 *
 * <p>Runs once.
 */
@Command(
        name = "doctor",
        sortOptions = false,
        description = {
            "Look for what can make rows late, hold them back, or hide them.",
            "",
            "Without --table it looks at everafter's own log. Reads the catalog and changes nothing. Ends with 1 if it found"
                    + " something: not each finding is a fault, and docs/adopting.md says what to make of it.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  everafter doctor --database jdbc:postgresql://localhost/shop --table public.logs --time-column created_at",
            "      before that table is followed by `everafter serve --table`",
            "  everafter doctor --database jdbc:postgresql://localhost/shop",
            "      the log that `everafter capture` has installed"
        })
final class DoctorCommand extends VerboseOption implements Callable<Integer> {
    @Option(
            names = "--database",
            paramLabel = "URL",
            required = true,
            description = "jdbc:postgresql://HOST:PORT/DATABASE. User and password may be in it, or in PGUSER and"
                    + " PGPASSWORD; best those of the role that will follow.")
    private @Nullable String database;

    @Option(names = "--table", paramLabel = "TABLE", description = "The table to be followed, as for serve.")
    private @Nullable String table;

    @Option(names = "--id-column", paramLabel = "COLUMN", description = "As for serve.")
    private @Nullable String idColumn;

    @Option(names = "--time-column", paramLabel = "COLUMN", description = "As for serve.")
    private @Nullable String timeColumn;

    private final PrintStream out;

    DoctorCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Integer call() {
        Logging.start(Logging.Format.text, verbose());
        DatabaseTarget target = DatabaseTarget.parse(String.valueOf(database), System.getenv());
        target.check();
        Doctor doctor = Doctor.of(target.dataSource("everafter doctor"));
        List<Finding> findings = table == null
                ? doctor.log()
                : doctor.table(table, Optional.ofNullable(idColumn), Optional.ofNullable(timeColumn));
        for (Finding finding : findings) {
            out.println(finding.code() + ": " + finding.cause());
            out.println("  seen    " + finding.evidence());
            out.println("  effect  " + finding.effect());
            out.println("  remedy  " + finding.remedy());
        }
        if (findings.isEmpty()) {
            out.println("nothing found");
        }
        return findings.isEmpty() ? ExitCodes.OK : ExitCodes.FAILURE;
    }
}
