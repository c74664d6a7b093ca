package dev.everafter.server.standalone;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Whether a {@code Host} header names this machine's loopback, with or without a port. */
final class LoopbackName {
    private static final Pattern NAMES =
            Pattern.compile("(localhost|127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|\\[::1])(:[0-9]{1,5})?");

    private LoopbackName() {}

    static boolean isOne(Optional<String> host) {
        return host.isPresent()
                && NAMES.matcher(host.get().toLowerCase(Locale.ROOT)).matches();
    }
}
