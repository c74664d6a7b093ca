package dev.everafter.pg;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A piece of SQL with its parameters, in the order of their question marks. Values get into SQL in no other way.
 *
 * <p>Immutable.
 */
record Fragment(String sql, List<Parameter> parameters) {
    static Fragment of(String sql) {
        return new Fragment(sql, List.of());
    }

    /** {@code template} with the {@code parts} for its {@code %s}s. */
    static Fragment of(String template, Fragment... parts) {
        List<Parameter> parameters = new ArrayList<>();
        Arrays.asList(parts).forEach(part -> parameters.addAll(part.parameters));
        Object[] texts = Arrays.stream(parts).map(Fragment::sql).toArray();
        return new Fragment(template.formatted(texts), List.copyOf(parameters));
    }

    /** The parts in brackets, with {@code word} between them; {@code none} if there are none. */
    static Fragment joined(List<Fragment> parts, String word, String none) {
        if (parts.isEmpty()) {
            return of(none);
        }
        String template = parts.stream().map(part -> "%s").collect(Collectors.joining(word, "(", ")"));
        return of(template, parts.toArray(Fragment[]::new));
    }

    static Fragment text(String text) {
        return new Fragment("?::text", List.of(new Parameter(text, (s, i) -> s.setString(i, text))));
    }

    static Fragment jsonb(String json) {
        return new Fragment("?::jsonb", List.of(new Parameter(json, (s, i) -> s.setString(i, json))));
    }

    static Fragment bytes(byte[] bytes) {
        return new Fragment(
                "?::bytea", List.of(new Parameter(bytes.length + " bytes", (s, i) -> s.setBytes(i, bytes))));
    }

    static Fragment time(Instant time) {
        return new Fragment(
                "?::timestamptz",
                List.of(new Parameter(time.toString(), (s, i) -> s.setObject(i, time.atOffset(ZoneOffset.UTC)))));
    }

    /** An array of {@code type}, each element as text. */
    static Fragment array(List<String> elements, String type) {
        return new Fragment(
                "?::text[]::" + type + "[]",
                List.of(new Parameter(
                        elements.toString(),
                        (s, i) -> s.setArray(i, s.getConnection().createArrayOf("text", elements.toArray())))));
    }

    /** Sets the parameters from {@code next} on, and says which comes after them. */
    int bind(PreparedStatement statement, int next) throws SQLException {
        int index = next;
        for (Parameter parameter : parameters) {
            parameter.setter.set(statement, index++);
        }
        return index;
    }

    /** One value that a statement is given. */
    record Parameter(String text, Setter setter) {
        @Override
        public String toString() {
            return text;
        }
    }

    /** Sets one parameter. */
    interface Setter {
        /** Sets it. */
        void set(PreparedStatement statement, int index) throws SQLException;
    }
}
