package dev.everafter.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

class DemoTest {
    private final DataSource database =
            PostgresFixture.shared().dataSource(PostgresFixture.shared().newDatabase());
    private final Demo demo = new Demo(database, Seed.random("DemoTest"), Thread::new);

    private void execute(String statement) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement sql = connection.createStatement()) {
            sql.execute(statement);
        }
    }

    private long count(String condition) throws SQLException {
        try (Connection connection = database.getConnection();
                Statement sql = connection.createStatement();
                ResultSet row = sql.executeQuery("SELECT count(*) FROM demo.orders WHERE " + condition)) {
            row.next();
            return row.getLong(1);
        }
    }

    @Test
    void shouldTakeOrdersThroughTheirStatesAndKeepTheTableSmall() throws Exception {
        demo.install();
        demo.install();
        for (int i = 0; i < 300; i++) {
            demo.step();
            assertTrue(count("true") <= 12);
        }
        assertEquals(0, count("state NOT IN ('new', 'paid', 'packed', 'shipped', 'delivered')"));
        assertEquals(0, count("id = 1"), "the first order has come to its end");
    }

    @Test
    void shouldLeaveATableOfSomebodyElseAlone() throws Exception {
        execute("CREATE SCHEMA demo");
        execute("CREATE TABLE demo.orders (id int)");
        CliException refused = assertThrows(CliException.class, demo::install);
        assertTrue(refused.getMessage().startsWith("table demo.orders exists"), refused.getMessage());
    }
}
