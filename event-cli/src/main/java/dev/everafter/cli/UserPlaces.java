package dev.everafter.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Where programs keep what they store for a user: {@code XDG_DATA_HOME} where it is set, else the system's own place
 * (XDG Base Directory Specification 0.8; Apple's File System Programming Guide; Windows' known folder LocalAppData).
 *
 * <p>Stateless.
 */
final class UserPlaces {
    private UserPlaces() {}

    /**
     * The directory of this program's data; it need not exist.
     *
     * @throws CliException if the user has no such place
     */
    static Path data(Map<String, String> environment, Properties system) {
        Optional<Path> xdg = absolute(environment, "XDG_DATA_HOME");
        if (xdg.isPresent()) {
            return xdg.get().resolve("everafter");
        }
        // "?" where the system knows no home
        Path home = Path.of(system.getProperty("user.home", "?"));
        if (!home.isAbsolute()) {
            throw new CliException(
                    "this user has no home directory to keep an embedded PostgreSQL in: set XDG_DATA_HOME"
                            + " to a directory, or name a database with --database jdbc:postgresql://HOST/DATABASE");
        }
        String os = system.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (os.contains("windows")) {
            return absolute(environment, "LOCALAPPDATA")
                    .orElse(home.resolve("AppData").resolve("Local"))
                    .resolve("everafter");
        }
        return os.contains("mac")
                ? home.resolve("Library").resolve("Application Support").resolve("everafter")
                : home.resolve(".local").resolve("share").resolve("everafter");
    }

    /** The specification says to ignore a relative path. */
    private static Optional<Path> absolute(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isEmpty())
                .map(Path::of)
                .filter(Path::isAbsolute);
    }
}
