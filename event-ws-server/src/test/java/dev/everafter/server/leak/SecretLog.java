package dev.everafter.server.leak;

import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.RawJson;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A log of random changes to a few tables, and what was written to it in each of its epochs. Rows go from hand to hand, so
 * they move in and out of everybody's sight, and each text that is worth hiding occurs nowhere else: {@code ~17~}.
 *
 * <p>For one thread.
 */
final class SecretLog {
    static final List<String> TOPICS = List.of("public.a", "public.b", "public.c");
    static final int OWNERS = 8;
    static final int TEAMS = 4;
    static final int LEVELS = 5;
    private static final String MESSAGES = "said";
    private static final int ROWS = 60;

    private final InMemoryEventLog log;
    private final Random random;
    private final UnaryOperator<Map<String, Object>> keptOfOld;
    private final Map<String, NavigableMap<Long, Change>> epochs = new HashMap<>();
    private final Map<String, List<Map<String, Object>>> tables = new HashMap<>();
    private int secrets;

    /** @param keptOfOld what the log is given of an {@code old}; anything but the whole is sabotage */
    SecretLog(InMemoryEventLog log, Random random, UnaryOperator<Map<String, Object>> keptOfOld) {
        this.log = log;
        this.random = random;
        this.keptOfOld = keptOfOld;
        TOPICS.forEach(topic -> tables.put(topic, new ArrayList<>()));
    }

    /** A row of each owner, team and level. */
    static Stream<Map<String, Object>> plainRows() {
        return IntStream.range(0, OWNERS * TEAMS * LEVELS)
                .mapToObj(i -> Map.of(
                        "owner", "u" + i % OWNERS, "team", "t" + i / OWNERS % TEAMS, "level", i / OWNERS / TEAMS));
    }

    String epoch() {
        return log.range().epoch();
    }

    long head() {
        return log.range().head();
    }

    long oldest() {
        return log.range().oldest();
    }

    /** What was written in ({@code after}, {@code to}] as it was in {@code epoch}. */
    Iterable<Change> changes(String epoch, long after, long to) {
        return after < to ? history(epoch).subMap(after, false, to, true).values() : List.of();
    }

    private NavigableMap<Long, Change> history(String epoch) {
        return epochs.computeIfAbsent(epoch, name -> new TreeMap<>());
    }

    /** A text that stands in a row as it is or was lately. */
    String someSecret() {
        return "~" + Math.max(1, secrets - random.nextInt(200)) + "~";
    }

    /** Commits a transaction. */
    void write() {
        if (random.nextInt(10) == 0) {
            log.skip(1 + random.nextInt(3));
        }
        List<Draft> drafts = new ArrayList<>();
        for (int n = random.nextInt(4); n >= 0; n--) {
            drafts.add(draft());
        }
        long last = log.append(drafts.stream().map(this::change).toList());
        NavigableMap<Long, Change> history = history(epoch());
        for (int i = 0; i < drafts.size(); i++) {
            Draft draft = drafts.get(i);
            long id = last - drafts.size() + 1 + i;
            history.put(id, new Change(id, draft.topic, draft.type, draft.before, draft.after, draft.old));
        }
    }

    void prune() {
        log.prune(Math.max(oldest(), head() - random.nextInt(20)));
    }

    /** Loses the last few events, and begins another epoch. */
    void rewind() {
        String before = epoch();
        long fork = Math.max(oldest(), head() - 1 - random.nextInt(10));
        log.rewind(fork);
        history(epoch()).putAll(history(before).headMap(fork, true));
    }

    /** What happens, before it has an id. */
    private record Draft(
            String topic,
            String type,
            Optional<Map<String, Object>> before,
            Optional<Map<String, Object>> after,
            Optional<Map<String, Object>> old) {}

    private Draft draft() {
        String topic = TOPICS.get(random.nextInt(TOPICS.size()));
        List<Map<String, Object>> rows = tables.getOrDefault(topic, List.of());
        int kind = random.nextInt(100);
        if (kind < 5) {
            Map<String, Object> said = row();
            said.remove("id");
            return new Draft(MESSAGES, "happened", Optional.empty(), Optional.of(said), Optional.empty());
        }
        if (kind < 6) {
            rows.clear();
            return new Draft(topic, "truncate", Optional.empty(), Optional.empty(), Optional.empty());
        }
        if (rows.isEmpty() || kind < 30) {
            Map<String, Object> made = row();
            rows.add(made);
            return new Draft(topic, "insert", Optional.empty(), Optional.of(made), Optional.empty());
        }
        int at = random.nextInt(rows.size());
        Map<String, Object> before = rows.get(at);
        if (kind < 40 || rows.size() > ROWS) {
            rows.remove(at);
            return new Draft(topic, "delete", Optional.of(before), Optional.empty(), Optional.of(before));
        }
        Map<String, Object> after = changed(before);
        rows.set(at, after);
        Map<String, Object> old = new LinkedHashMap<>(before);
        if (random.nextBoolean()) {
            old.entrySet().removeAll(after.entrySet());
        }
        return new Draft(topic, "update", Optional.of(before), Optional.of(after), Optional.of(old));
    }

    private Map<String, Object> row() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("id", secret());
        row.put("owner", owner(random));
        row.put("team", team(random));
        row.put("level", random.nextInt(LEVELS));
        row.put("note", secret());
        row.put("memo", memo());
        return row;
    }

    /** Another owner, team, level or key may come to it; the note is always another. */
    private Map<String, Object> changed(Map<String, Object> before) {
        Map<String, Object> row = row();
        Map<String, Object> after = new LinkedHashMap<>(before);
        after.put("note", row.getOrDefault("note", ""));
        List.of("owner", "team", "level", "memo").forEach(column -> {
            if (random.nextInt(3) == 0) {
                after.put(column, row.getOrDefault(column, ""));
            }
        });
        if (random.nextInt(20) == 0) {
            after.put("id", row.getOrDefault("id", ""));
        }
        return after;
    }

    static String owner(Random random) {
        return "u" + random.nextInt(OWNERS);
    }

    static String team(Random random) {
        return "t" + random.nextInt(TEAMS);
    }

    private String secret() {
        return "~" + ++secrets + "~";
    }

    /** Some are so large that an event is too long for those who want short messages. */
    private String memo() {
        return random.nextInt(30) == 0 ? secret() + "x".repeat(2_000) : secret();
    }

    private InMemoryEventLog.Change change(Draft draft) {
        Optional<Map<String, Object>> row = draft.after.or(() -> draft.before);
        return new InMemoryEventLog.Change(
                draft.topic,
                draft.type,
                row.map(Change::key).filter(key -> !key.isEmpty()).map(SecretLog::raw),
                draft.after.map(SecretLog::raw),
                draft.old.map(keptOfOld).map(SecretLog::raw));
    }

    private static RawJson raw(Map<String, Object> columns) {
        return RawJson.of(Change.json(columns).toString());
    }
}
