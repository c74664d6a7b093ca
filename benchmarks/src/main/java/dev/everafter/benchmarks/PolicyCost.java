package dev.everafter.benchmarks;

import dev.everafter.benchmarks.Database.Emitter;
import dev.everafter.benchmarks.Rounds.Variant;
import dev.everafter.server.TokenFile;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Principal;
import jakarta.json.JsonArray;
import jakarta.json.spi.JsonProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a policy costs the server per delivered event: 1,000 sessions, each of a principal of its own, who may all see every
 * event, but by ten different visibility filters, or by a thousand; beside a server that asks nobody who they are. Each has
 * a log of its own.
 *
 * <p>For one thread.
 */
final class PolicyCost implements Benchmark {
    private static final String BOUND = "no policy";
    private static final int RATE = 50;
    private static final int TRANSACTION = 64;
    private static final String RULES = "{\"rules\": [{\"sees\": \"topic in ${topics}\"}]}";
    private static final JsonProvider JSON = JsonProvider.provider();

    @Override
    public void run(Database database, Options options, Consumer<Results> results) throws Exception {
        int sessions = options.size(1_000, 50);
        int paced = options.size(200, 25);
        int burst = options.size(5_000, 500);
        Path directory = Files.createTempDirectory("everafter-policies");
        try (Side none = new Side(database.newLog(), sessions, options.serverJvm(), Optional.empty(), directory);
                Side few = new Side(database.newLog(), sessions, options.serverJvm(), Optional.of(10), directory);
                Side many =
                        new Side(database.newLog(), sessions, options.serverJvm(), Optional.of(sessions), directory)) {
            String title = "policies of " + sessions + " principals, ";
            for (boolean flood : new boolean[] {false, true}) {
                int events = flood ? burst : paced;
                results.accept(options.rounds(1, 5)
                        .run(
                                title + (flood ? events + " events as fast as it goes" : RATE + " events/s"),
                                BOUND,
                                List.of(
                                        new Variant(BOUND, () -> none.measure(events, flood)),
                                        new Variant("10 filters", () -> few.measure(events, flood)),
                                        new Variant(sessions + " filters", () -> many.measure(events, flood)))));
            }
        } finally {
            deleteAll(directory);
        }
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    /** A server, its clients, and who writes for them. */
    private static final class Side implements AutoCloseable {
        private final int sessions;
        private final Child server;
        private final LoadClient clients;
        private final Emitter emitter;

        /** @param filters how many different ones there are; empty where nobody is asked who they are */
        Side(String log, int sessions, List<String> jvm, Optional<Integer> filters, Path directory) throws Exception {
            this.sessions = sessions;
            this.server = Child.everafter(
                    log, jvm, filters.isPresent() ? access(directory, sessions, filters.get()) : new String[0]);
            this.clients = LoadClient.subscribe(
                    server.port(),
                    sessions,
                    connection -> filters.isPresent() ? Optional.of(token(connection)) : Optional.empty(),
                    "\"batch\":64,\"from\":\"now\"",
                    1,
                    (connection, number, nanos) -> {});
            this.emitter = new Emitter(log);
        }

        private static String[] access(Path directory, int sessions, int filters) throws IOException {
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < sessions; i++) {
                JsonArray topics = JSON.createArrayBuilder()
                        .add("bench")
                        .add("other." + i % filters)
                        .build();
                BearerToken token = BearerToken.parse(token(i)).orElseThrow();
                lines.add(TokenFile.line(token, new Principal("p" + i, Map.of("topics", topics), Optional.empty())));
            }
            Path tokens = Files.write(directory.resolve("tokens-" + filters + ".jsonl"), lines);
            Path rules = Files.writeString(directory.resolve("rules-" + filters + ".json"), RULES);
            return new String[] {
                "--auth", "tokens", "--tokens-file", tokens.toString(), "--access-rules", rules.toString()
            };
        }

        private static String token(int connection) {
            return "bench-" + connection;
        }

        Map<String, Double> measure(int events, boolean flood) throws Exception {
            Meter meter = new Meter(server, clients);
            Pace pace = Pace.perSecond(RATE);
            int each = flood ? TRANSACTION : 1;
            for (int i = 0; i < events; i += each) {
                if (!flood) {
                    pace.await();
                }
                emitter.emit(Math.min(each, events - i));
            }
            meter.await((long) events * sessions);
            return meter.figures((double) events * sessions);
        }

        @Override
        public void close() throws Exception {
            emitter.close();
            clients.close();
            server.close();
        }
    }
}
