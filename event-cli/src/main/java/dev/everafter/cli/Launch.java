package dev.everafter.cli;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;

/** How this program was started, so that advice names commands which work here. Stateless. */
final class Launch {
    private static final String BY_MAVEN = "./mvnw -q compile exec:java -Dexec.args=\"%s\"";

    private Launch() {}

    /** The command line for {@code arguments}, from the same directory. */
    static String command(String arguments) {
        CodeSource source = Launch.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return "everafter " + arguments;
        }
        try {
            Path code = Path.of(source.getLocation().toURI());
            return code.toString().endsWith(".jar")
                    ? "java -jar " + relative(code) + " " + arguments
                    : BY_MAVEN.formatted(arguments);
        } catch (URISyntaxException | IllegalArgumentException e) {
            return "everafter " + arguments;
        }
    }

    private static Path relative(Path jar) {
        Path here = Path.of("").toAbsolutePath();
        return jar.startsWith(here) ? here.relativize(jar) : jar;
    }
}
