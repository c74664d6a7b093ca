package dev.everafter.pg;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Has PostgreSQL explain, on the way, every query that somebody runs on a connection, with the parameters it runs with.
 *
 * <p>Safe for use by any thread.
 */
final class Plans {
    private final Map<String, String> bySql = new ConcurrentHashMap<>();

    /** The last plan of each statement, as JSON. */
    Map<String, String> bySql() {
        return Map.copyOf(bySql);
    }

    Connection explained(Connection connection) {
        return proxy(Connection.class, (method, arguments) -> {
            Object result = call(connection, method, arguments);
            if (result instanceof PreparedStatement prepared && arguments[0] instanceof String sql && isQuery(sql)) {
                return prepared(prepared, connection.prepareStatement(explain(sql)), sql);
            }
            return result instanceof Statement statement ? plain(statement, connection) : result;
        });
    }

    private static boolean isQuery(String sql) {
        return sql.strip().matches("(?s)(SELECT|WITH|UPDATE|DELETE).*") && !sql.contains(";");
    }

    private static String explain(String sql) {
        return "EXPLAIN (FORMAT JSON) " + sql;
    }

    private PreparedStatement prepared(PreparedStatement real, PreparedStatement explaining, String sql) {
        return proxy(PreparedStatement.class, (method, arguments) -> {
            if (method.getName().equals("close")) {
                explaining.close();
            } else if (method.getName().startsWith("execute")) {
                try (ResultSet plan = explaining.executeQuery()) {
                    keep(sql, plan);
                }
            } else if (method.getName().startsWith("set") && arguments.length == 2) {
                call(explaining, method, arguments);
            }
            return call(real, method, arguments);
        });
    }

    private Statement plain(Statement real, Connection connection) {
        return proxy(Statement.class, (method, arguments) -> {
            if (method.getName().startsWith("execute") && arguments[0] instanceof String sql && isQuery(sql)) {
                try (Statement explaining = connection.createStatement();
                        ResultSet plan = explaining.executeQuery(explain(sql))) {
                    keep(sql, plan);
                }
            }
            return call(real, method, arguments);
        });
    }

    private void keep(String sql, ResultSet plan) throws SQLException {
        plan.next();
        bySql.put(sql, plan.getString(1));
    }

    private interface Handling {
        @Nullable
        Object handle(Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Handling handling) {
        InvocationHandler handler =
                (proxy, method, arguments) -> handling.handle(method, arguments == null ? new Object[0] : arguments);
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static @Nullable Object call(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }
}
