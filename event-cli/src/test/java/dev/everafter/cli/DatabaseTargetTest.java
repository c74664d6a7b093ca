package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

class DatabaseTargetTest {
    private static final Map<String, String> ENVIRONMENT = Map.of("PGUSER", "grace", "PGPASSWORD", "hidden");

    @Test
    void shouldTakeUserAndPasswordFromTheEnvironmentWhenTheUrlHasNone() {
        PGSimpleDataSource source = DatabaseTarget.parse("jdbc:postgresql://db:5433/shop", ENVIRONMENT)
                .dataSource("test");
        assertEquals("grace", source.getUser());
        assertEquals("hidden", source.getPassword());
        assertEquals("shop", source.getDatabaseName());
    }

    @Test
    void shouldTakeThemFromTheUrlWhenItHasThem() {
        PGSimpleDataSource source = DatabaseTarget.parse(
                        "jdbc:postgresql://db/shop?user=ada&password=secret&sslmode=require", ENVIRONMENT)
                .dataSource("test");
        assertEquals("ada", source.getUser());
        assertEquals("secret", source.getPassword());
        assertEquals("require", source.getSslMode());
    }

    @Test
    void shouldGiveUpAServerThatHangsUnlessTheUrlSaysOtherwise() {
        Duration patience = Duration.ofSeconds(7);
        assertEquals(
                7,
                DatabaseTarget.parse("jdbc:postgresql://db/shop", ENVIRONMENT)
                        .dataSource("test", patience)
                        .getSocketTimeout());
        assertEquals(
                90,
                DatabaseTarget.parse("jdbc:postgresql://db/shop?socketTimeout=90", ENVIRONMENT)
                        .dataSource("test", patience)
                        .getSocketTimeout());
    }

    @Test
    void shouldShowHostPortAndDatabaseAlone() {
        assertEquals(
                "jdbc:postgresql://db:5432/shop",
                DatabaseTarget.parse("jdbc:postgresql://db/shop?user=ada&password=secret", ENVIRONMENT)
                        .toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql://ada:secret@db/shop",
                "jdbc:postgresql://ada:secret@db/shop",
                "jdbc:mysql://db/shop?password=secret",
                "jdbc:postgresql://db:secret/shop?password=secret",
                "secret"
            })
    void shouldNotRepeatAPasswordWhenTheUrlIsWrong(String url) {
        CliException refused = assertThrows(CliException.class, () -> DatabaseTarget.parse(url, ENVIRONMENT));
        assertEquals(ExitCodes.USAGE, refused.exitCode());
        assertFalse(refused.getMessage().contains("secret"), refused.getMessage());
        assertFalse(refused.getMessage().contains("hidden"), refused.getMessage());
    }
}
