package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UserPlacesTest {
    @ParameterizedTest
    @CsvSource({
        "Linux, '', /home/ada/.local/share/everafter",
        "Linux, /data, /data/everafter",
        "Linux, data, /home/ada/.local/share/everafter",
        "Mac OS X, '', /home/ada/Library/Application Support/everafter",
        "Windows 11, '', /home/ada/AppData/Local/everafter"
    })
    void shouldFollowTheSystemsCustom(String os, String xdg, String expected) {
        Properties system = new Properties();
        system.setProperty("user.home", "/home/ada");
        system.setProperty("os.name", os);
        assertEquals(Path.of(expected), UserPlaces.data(Map.of("XDG_DATA_HOME", xdg), system));
    }

    @Test
    void shouldNameTheWayOutWhenThereIsNoHome() {
        Properties system = new Properties();
        system.setProperty("user.home", "?");
        CliException refused = assertThrows(CliException.class, () -> UserPlaces.data(Map.of(), system));
        assertTrue(refused.getMessage().contains("XDG_DATA_HOME"), refused.getMessage());
    }
}
