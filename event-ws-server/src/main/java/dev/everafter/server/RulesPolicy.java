package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.server.spi.AccessPolicy;
import dev.everafter.server.spi.Principal;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * Shows to each principal what the rules in a file show it, see {@code docs/access.md}; nothing, where no rule does. A
 * change of the file is in force a second later, for those who are connected too. While it can't be read, or is broken,
 * the rules that it had before go on being in force, and the log says so.
 *
 * <p>Safe for use by any thread; blocks while it reads the file.
 */
public final class RulesPolicy implements AccessPolicy {
    private final FileInForce<AccessRules> rules;

    private RulesPolicy(Path file, LongSupplier ticker) {
        this.rules = new FileInForce<>("file of access rules", file, AccessRules::parse, ticker);
    }

    /**
     * By the rules in {@code file}.
     *
     * @throws IllegalArgumentException if it can't be read, or is broken; the message says where, and what is expected
     */
    public static RulesPolicy of(Path file) {
        return of(file, System::nanoTime);
    }

    static RulesPolicy of(Path file, LongSupplier ticker) {
        return new RulesPolicy(file, ticker);
    }

    @Override
    public CompletionStage<Filter> visibility(Principal principal) {
        return CompletableFuture.completedFuture(rules.current().visibility(principal));
    }

    @Override
    public long version() {
        return rules.version();
    }
}
