package dev.everafter.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. Stateless. */
final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
        String version = Optional.ofNullable(Everafter.class.getPackage().getImplementationVersion())
                .orElse("(not packaged)");
        return new String[] {
            "everafter " + version,
            "Java " + Runtime.version() + " on " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
        };
    }
}
