package dev.everafter.server.leak;

import dev.everafter.core.Attribute;
import dev.everafter.core.Filter;
import dev.everafter.core.Position;
import dev.everafter.core.Revocation;
import dev.everafter.server.Authentication;
import dev.everafter.server.EndpointOptions;
import dev.everafter.server.KnownTokens;
import dev.everafter.server.Limits;
import dev.everafter.server.Served;
import dev.everafter.server.leak.Findings.Path;
import dev.everafter.server.leak.WatchedClient.Identity;
import dev.everafter.server.leak.WatchedClient.Sub;
import dev.everafter.server.spi.Principal;
import dev.everafter.server.standalone.EventServer;
import dev.everafter.testkit.Patience;
import jakarta.json.Json;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Two servers of one log, a writer, and clients of many principals who do at random whatever a client can do. One thread
 * does everything, so what was written before something was judged is known; the servers go on meanwhile.
 *
 * <p>For one thread, but for the policy.
 */
final class LeakRun implements AutoCloseable {
    private static final int CLIENTS = 16;
    private static final int SUBS = 6;
    private static final int STEPS = 150;
    private static final int TOKENS = 2;

    private final Random random;
    private final Sabotage sabotage;
    private final Findings findings = new Findings();
    private final KnownTokens tokens = new KnownTokens();
    private final Map<String, Rule> rights = new ConcurrentHashMap<>();
    private final Map<String, Filter> answered = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newSingleThreadExecutor();
    private final HttpClient http = HttpClient.newBuilder().executor(threads).build();
    private final Served served;
    private final EventServer second;
    private final SecretLog log;
    private final RandomRules rules;
    private final List<WatchedClient> clients = new ArrayList<>();
    private int rounds;
    private int names;

    /** What is done wrong, so that one sees that it would be noticed. */
    enum Sabotage {
        NONE,
        /** What was written before a client came is shown to it without a look at its rights. */
        LIVE_ONLY,
        /** What is written after that is. */
        REPLAY_ONLY,
        /** Of a changed row only the image after is asked: {@code old} goes with it. */
        ONE_IMAGE,
        /** What was made for one principal is sent to whomever asks for the same. */
        SHARED_BY_ALL,
        /** The rights of the first token go on when another is shown. */
        FIRST_TOKEN,
        /** A revocation is not heard of. */
        REVOKED_IN_VAIN
    }

    LeakRun(Random random, Sabotage sabotage) {
        this.random = random;
        this.sabotage = sabotage;
        served = Served.with(this::options, hub -> hub.tailBytes(64 << 10));
        second = EventServer.builder(served.hub)
                .port(0)
                .options(options(EndpointOptions.builder()).build())
                .start();
        log = new SecretLog(served.log, random, this::keptOfOld);
        rules = new RandomRules(log, random);
        for (int owner = 0; owner < SecretLog.OWNERS; owner++) {
            for (int i = 0; i < TOKENS; i++) {
                String token = token(owner, i);
                rights.put(token, rules.rights());
                tokens.with(
                        token, new Principal("u" + owner, Map.of("token", Json.createValue(token)), Optional.empty()));
            }
        }
    }

    private EndpointOptions.Builder options(EndpointOptions.Builder options) {
        return options.authentication(Authentication.by(tokens).withPatience(Duration.ofMinutes(5)))
                .accessPolicy(principal -> CompletableFuture.completedFuture(visibility(principal)))
                .limits(Limits.DEFAULT.withMessagesPerSecond(1_000_000))
                .heartbeat(Duration.ofMillis(100));
    }

    private static String token(int owner, int number) {
        return "u" + owner + "-" + number;
    }

    private Filter visibility(Principal principal) {
        String token = ((JsonString) principal.attributes().getOrDefault("token", JsonValue.NULL)).getString();
        Filter right = rule(token).filter();
        long head = served.log.range().head();
        return switch (sabotage) {
            case NONE, ONE_IMAGE -> right;
            case LIVE_ONLY -> Filter.or(right, Filter.where(Attribute.ID).atMost(head));
            case REPLAY_ONLY -> Filter.or(right, Filter.where(Attribute.ID).greaterThan(head));
            case SHARED_BY_ALL -> answered.computeIfAbsent("", all -> right);
            case FIRST_TOKEN -> answered.computeIfAbsent(principal.subject(), subject -> right);
            case REVOKED_IN_VAIN -> answered.computeIfAbsent(token, same -> right);
        };
    }

    private Rule rule(String token) {
        return rights.getOrDefault(token, Rule.NOTHING);
    }

    /** Without the columns that rights are made of, the row before seems to be whose the row after is. */
    private Map<String, Object> keptOfOld(Map<String, Object> old) {
        if (sabotage == Sabotage.ONE_IMAGE) {
            Map<String, Object> kept = new LinkedHashMap<>(old);
            kept.keySet().removeAll(List.of("owner", "team", "level"));
            return kept;
        }
        return old;
    }

    Findings findings() {
        return findings;
    }

    /** Lets everybody do something for a while, and then come to the end of what there is. */
    void round() {
        if (sabotage == Sabotage.SHARED_BY_ALL) {
            // The one answer may show nothing, which nobody could notice: another's turn.
            answered.clear();
        }
        while (clients.size() < CLIENTS) {
            connect(random.nextInt(SecretLog.OWNERS));
        }
        for (int i = 0; i < STEPS; i++) {
            step();
        }
        settle();
        // These could not tell for which reason they are authorized again.
        clients.stream().filter(client -> client.subs().isEmpty()).forEach(WatchedClient::abort);
        clients.removeIf(client -> !client.isOpen());
        switch (rounds++ % 3) {
            case 0 -> log.rewind();
            case 1 -> log.prune();
            default -> revoke();
        }
        settle();
    }

    private WatchedClient connect(int owner) {
        String token = token(owner, random.nextInt(TOKENS));
        boolean first = random.nextBoolean();
        if (!first) {
            findings.take(Path.SECOND_SERVER);
        }
        WatchedClient client = new WatchedClient(
                http,
                first ? served.port() : second.port(),
                new Identity("u" + owner, token, rule(token)),
                log,
                findings);
        Patience.await().pollInSameThread().until(() -> {
            client.judge();
            return client.isWelcomed() || !client.isOpen();
        });
        clients.add(client);
        return client;
    }

    private void step() {
        WatchedClient client = clients.get(random.nextInt(clients.size()));
        int kind = random.nextInt(100);
        if (kind < 50) {
            for (int n = random.nextInt(5); n >= 0; n--) {
                log.write();
            }
        } else if (kind < 68) {
            subscribe(client);
        } else if (kind < 72) {
            started(client).ifPresent(client::unsubscribe);
        } else if (kind < 77) {
            show(client);
        } else if (kind < 81) {
            client.acknowledge();
        } else if (kind < 85) {
            client.send(mistake());
        } else if (kind < 88) {
            resume(client);
        } else {
            clients.forEach(WatchedClient::judge);
        }
    }

    private Optional<Sub> started(WatchedClient client) {
        return client.subs().stream().filter(Sub::started).findFirst();
    }

    private void subscribe(WatchedClient client) {
        if (client.subs().size() >= SUBS) {
            return;
        }
        boolean oracle = random.nextInt(3) == 0;
        boolean windowed = random.nextInt(3) == 0;
        String more = ",\"onGap\":\"" + (random.nextInt(4) == 0 ? "stop" : "continue") + "\""
                + (windowed ? ",\"window\":" + (1 + random.nextInt(5)) : "")
                + (random.nextInt(3) == 0 ? ",\"maxMessage\":1024" : "")
                + (random.nextInt(3) == 0 ? ",\"batch\":" + (1 + random.nextInt(20)) : "");
        client.subscribe(
                new Sub("s" + names++, oracle ? rules.oracle() : rules.asked(), oracle, windowed), from(), more);
    }

    private JsonValue from() {
        long head = log.head();
        return switch (random.nextInt(8)) {
            case 0, 1 -> Json.createValue("now");
            case 2, 3, 4 -> Json.createValue("start");
            case 5 -> after(log.oldest() + random.nextInt((int) (head - log.oldest()) + 1), log.epoch());
            case 6 ->
                Json.createObjectBuilder().add("time", "2026-01-01T00:00:00Z").build();
            // From before what is retained.
            default -> after(Math.min(1, head), log.epoch());
        };
    }

    private static JsonValue after(long id, String epoch) {
        return Json.createObjectBuilder().add("after", id).add("epoch", epoch).build();
    }

    private void show(WatchedClient client) {
        if (!client.expectsRights()) {
            String subject = client.identity().subject();
            String token = subject + "-" + random.nextInt(TOKENS);
            client.show(new Identity(subject, token, rule(token)));
        }
    }

    private String mistake() {
        String subscribe = "{\"type\":\"subscribe\",\"sub\":\"mistake\",";
        return switch (random.nextInt(4)) {
            case 0 -> subscribe + "\"where\":[\"data.note\",\"~\",1]}";
            case 1 -> subscribe + "\"from\":{\"after\":9007199254740000}}";
            case 2 -> subscribe + "\"from\":{\"after\":1,\"epoch\":\"another\"}}";
            default -> "{\"type\":\"ack\",\"sub\":\"nobody\",\"at\":1}";
        };
    }

    /** The same principal comes again, perhaps by another token and at the other server, and goes on where it was. */
    private void resume(WatchedClient client) {
        client.judge();
        client.abort();
        clients.remove(client);
        WatchedClient again =
                connect(Integer.parseInt(client.identity().subject().substring(1)));
        client.subs().stream().filter(Sub::started).forEach(sub -> {
            again.subscribe(
                    new Sub("s" + names++, sub.asked(), false, false),
                    after(sub.position(), sub.epoch()),
                    ",\"onGap\":\"continue\"");
            findings.take(Path.RESUMED);
        });
    }

    /** Waits until everybody has been told all. */
    private void settle() {
        Patience.await()
                .pollInSameThread()
                .atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> {
                    clients.forEach(WatchedClient::judge);
                    clients.forEach(WatchedClient::acknowledge);
                    return served.hub.head().orElseThrow().equals(new Position(log.epoch(), log.head()))
                            && clients.stream().allMatch(WatchedClient::isDone);
                });
        clients.removeIf(client -> !client.isOpen());
    }

    /** Takes the rights of one principal away for others, while the writer goes on. */
    private void revoke() {
        int owner = random.nextInt(SecretLog.OWNERS);
        for (int i = 0; i < TOKENS; i++) {
            rights.put(token(owner, i), rules.rights());
        }
        log.write();
        served.log.revoke(new Revocation(Optional.of("u" + owner)));
        long id = log.head();
        clients.stream()
                .filter(client -> client.identity().subject().equals("u" + owner))
                .forEach(client -> client.revoked(id, rule(client.identity().token())));
        log.write();
    }

    @Override
    public void close() {
        clients.forEach(WatchedClient::abort);
        second.close();
        served.close();
        threads.shutdownNow();
    }
}
