package dev.everafter.server.leak;

import dev.everafter.server.leak.Rule.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Rules about the tables of a {@link SecretLog}: what principals may see, and what they ask for.
 *
 * <p>For one thread.
 */
final class RandomRules {
    private static final List<String> COLUMNS = List.of("id", "owner", "team", "level", "note", "memo");

    private final SecretLog log;
    private final Random random;

    RandomRules(SecretLog log, Random random) {
        this.log = log;
        this.random = random;
    }

    /** What somebody may see: mostly a part of the rows; seldom all, or nothing. */
    Rule rights() {
        return switch (random.nextInt(20)) {
            case 0 -> Rule.EVERYTHING;
            case 1 -> Rule.NOTHING;
            default -> rights(2);
        };
    }

    private Rule rights(int depth) {
        return depth > 0 && random.nextBoolean() ? compound(() -> rights(depth - 1)) : about(Member.DATA);
    }

    /** What somebody asks for. */
    Rule asked() {
        return random.nextInt(3) == 0 ? Rule.EVERYTHING : asked(2);
    }

    private Rule asked(int depth) {
        if (depth > 0 && random.nextBoolean()) {
            return compound(() -> asked(depth - 1));
        }
        return switch (random.nextInt(4)) {
            case 0 -> about(Member.OLD);
            case 1 -> new Rule.Has(random.nextBoolean() ? Member.OLD : Member.DATA, column());
            default -> about(Member.DATA);
        };
    }

    /** Asks whether a secret is in some place, and for what would be seen if it were, or weren't. */
    Rule oracle() {
        String secret = log.someSecret();
        Rule guess = switch (random.nextInt(4)) {
            case 0 -> new Rule.OneOf(Member.DATA, "note", Set.of(secret));
            case 1 -> new Rule.OneOf(Member.OLD, "note", Set.of(secret));
            case 2 -> new Rule.OneOf(Member.KEY, "id", Set.of(secret));
            default -> new Rule.Mentions(secret);
        };
        return random.nextBoolean() ? guess : new Rule.Not(guess);
    }

    private Rule compound(Supplier<Rule> part) {
        if (random.nextInt(4) == 0) {
            return new Rule.Not(part.get());
        }
        List<Rule> parts = new ArrayList<>(List.of(part.get(), part.get()));
        return random.nextBoolean() ? new Rule.All(parts) : new Rule.Any(parts);
    }

    private Rule about(Member member) {
        return switch (random.nextInt(5)) {
            case 0 -> new Rule.OneOf(Member.TOPIC, "", Set.of(SecretLog.TOPICS.get(random.nextInt(3))));
            case 1 -> new Rule.AtMost(member, "level", random.nextInt(SecretLog.LEVELS));
            case 2 -> new Rule.OneOf(member, "team", Set.of(SecretLog.team(random)));
            default -> {
                Set<String> owners = new TreeSet<>();
                for (int n = 1 + random.nextInt(4); n > 0; n--) {
                    owners.add(SecretLog.owner(random));
                }
                yield new Rule.OneOf(member, "owner", owners);
            }
        };
    }

    private String column() {
        return COLUMNS.get(random.nextInt(COLUMNS.size()));
    }
}
