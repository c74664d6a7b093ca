package dev.everafter.server.leak;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.core.LikePattern;
import dev.everafter.core.Value;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A filter of a small grammar, whose meaning is worked out here and not by the code under test. An empty answer is "that
 * can't be known".
 *
 * <p>Immutable.
 */
sealed interface Rule {
    Rule EVERYTHING = new All(List.of());
    Rule NOTHING = new Any(List.of());

    /** Whether it holds. */
    Optional<Boolean> of(Sight sight);

    /** The same for the code under test. */
    Filter filter();

    /**
     * What of an event may be asked. Where a member is empty, it isn't known what it holds; where it doesn't exist, it is
     * known to hold nothing.
     */
    record Sight(
            String topic,
            String type,
            Optional<Map<String, Object>> key,
            Optional<Map<String, Object>> data,
            Optional<Map<String, Object>> old) {
        private Optional<Map<String, Object>> member(Member member) {
            return switch (member) {
                case TOPIC -> Optional.of(Map.of("", topic));
                case KEY -> key;
                case DATA -> data;
                case OLD -> old;
            };
        }
    }

    /** Where a column is looked for. */
    enum Member {
        TOPIC,
        KEY,
        DATA,
        OLD;

        private Attribute attribute(String column) {
            return switch (this) {
                case TOPIC -> Attribute.TOPIC;
                case KEY -> Attribute.key(column);
                case DATA -> Attribute.data(column);
                case OLD -> Attribute.old(column);
            };
        }
    }

    /** One of some texts; of the topic, the column has no name. */
    record OneOf(Member member, String column, Set<String> texts) implements Rule {
        @Override
        public Optional<Boolean> of(Sight sight) {
            return sight.member(member).map(columns -> texts.contains(columns.getOrDefault(column, "")));
        }

        @Override
        public Filter filter() {
            return Filter.in(
                    member.attribute(column), texts.stream().map(Value::of).toList());
        }
    }

    /** A number that isn't greater. */
    record AtMost(Member member, String column, int most) implements Rule {
        @Override
        public Optional<Boolean> of(Sight sight) {
            return sight.member(member).map(columns -> columns.get(column) instanceof Integer number && number <= most);
        }

        @Override
        public Filter filter() {
            return Filter.where(member.attribute(column)).atMost(most);
        }
    }

    /** There is such a column. */
    record Has(Member member, String column) implements Rule {
        @Override
        public Optional<Boolean> of(Sight sight) {
            return sight.member(member).map(columns -> columns.containsKey(column));
        }

        @Override
        public Filter filter() {
            return Filter.where(member.attribute(column)).exists();
        }
    }

    /** Topic, type, or any column of key or data has {@code text} in it. */
    record Mentions(String text) implements Rule {
        @Override
        public Optional<Boolean> of(Sight sight) {
            if (sight.topic.contains(text) || sight.type.contains(text)) {
                return Optional.of(true);
            }
            return sight.key.flatMap(key -> sight.data.map(data -> Stream.of(key, data)
                    .flatMap(columns -> columns.values().stream())
                    .anyMatch(value -> value instanceof String string && string.contains(text))));
        }

        @Override
        public Filter filter() {
            return Filter.any(LikePattern.of("%" + text + "%", false));
        }
    }

    /** It doesn't. */
    record Not(Rule rule) implements Rule {
        @Override
        public Optional<Boolean> of(Sight sight) {
            return rule.of(sight).map(holds -> !holds);
        }

        @Override
        public Filter filter() {
            return Filter.not(rule.filter());
        }
    }

    /** All of them do. */
    record All(List<Rule> rules) implements Rule {
        @Override
        public Optional<Boolean> of(Sight sight) {
            return decided(rules, sight, false);
        }

        @Override
        public Filter filter() {
            return Filter.and(rules.stream().map(Rule::filter).toArray(Filter[]::new));
        }
    }

    /** Any of them does. */
    record Any(List<Rule> rules) implements Rule {
        @Override
        public Optional<Boolean> of(Sight sight) {
            return decided(rules, sight, true);
        }

        @Override
        public Filter filter() {
            return Filter.or(rules.stream().map(Rule::filter).toArray(Filter[]::new));
        }
    }

    /** One that is {@code decisive} decides; else one that isn't known leaves it open. */
    private static Optional<Boolean> decided(List<Rule> rules, Sight sight, boolean decisive) {
        boolean open = false;
        for (Rule rule : rules) {
            Optional<Boolean> holds = rule.of(sight);
            if (holds.equals(Optional.of(decisive))) {
                return holds;
            }
            open |= holds.isEmpty();
        }
        return open ? Optional.empty() : Optional.of(!decisive);
    }
}
