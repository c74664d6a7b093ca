package dev.everafter.server;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A query of an operator's in which {@code :name} stands for a parameter, so that values are never put into its text.
 *
 * <p>Immutable and safe for use by any thread.
 *
 * @param sql the query as JDBC has it
 * @param names the parameters in their order
 */
record NamedParameters(String sql, List<String> names) {
    NamedParameters {
        names = List.copyOf(names);
    }

    /** Finds those of {@code known}; two colons are a cast. */
    static NamedParameters parse(String query, String... known) {
        Matcher parameter = Pattern.compile("(?<![:\\w]):(" + String.join("|", known) + ")\\b")
                .matcher(query);
        List<String> names = new ArrayList<>();
        while (parameter.find()) {
            names.add(parameter.group(1));
        }
        return new NamedParameters(parameter.replaceAll("?"), names);
    }

    /** Fills them in. */
    void set(PreparedStatement query, Map<String, String> values) throws SQLException {
        for (int i = 0; i < names.size(); i++) {
            query.setString(i + 1, values.get(names.get(i)));
        }
    }
}
