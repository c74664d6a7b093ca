package dev.everafter.examples.history;

import static org.awaitility.Awaitility.await;

import dev.everafter.client.PositionStore;
import dev.everafter.core.Event;
import dev.everafter.core.StartFrom;
import dev.everafter.examples.history.Subscriber.Keeping;
import dev.everafter.testkit.FaultLog;
import dev.everafter.testkit.Ledger;
import dev.everafter.testkit.LedgerAudit;
import dev.everafter.testkit.LogTable;
import dev.everafter.testkit.Pgbench;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.TableCopy;
import dev.everafter.testkit.TransactionMix;
import dev.everafter.testkit.Verdict;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.awaitility.core.ConditionTimeoutException;

/**
 * One run of the check: writers, subscribers and faults for a while, then peace until everybody is at the head, and then the
 * comparison. For one thread.
 */
final class HistoryRun {
    private static final int SUBSCRIBERS = 24;
    private static final List<Keeping> KEEPINGS =
            List.of(Keeping.STORED, Keeping.STORED_AND_DIES, Keeping.WITH_EFFECTS_AND_DIES);
    private static final Duration AFTER_FAILURE = Duration.ofMillis(200);
    /** So short that one-way cuts are noticed while the run lasts. */
    private static final Duration HEARTBEAT = Duration.ofMillis(500);

    private static final Map<String, String> MIX_TABLES =
            Map.of("public.s", "tok", "public.r", "tok", "public.acct", "id");

    private final Size size;
    private final Path folder;
    private final Random random;
    private final Stand stand;
    private final FaultLog faults = new FaultLog(Clock.systemUTC());
    private final List<Subscriber> subscribers = new ArrayList<>();
    private final TableCopy ofAll = new TableCopy();
    private final TableCopy ofBench = new TableCopy();
    private final AtomicBoolean writing = new AtomicBoolean(true);
    private final Faults.Later later = new Faults.Later();

    /**
     * @param patience how long everybody may take to get to the head in the end
     * @param pauseMillis the most that a writer waits between two transactions
     * @param accounts pgbench's
     * @param benchRate its transactions per second
     */
    record Size(Duration duration, Duration patience, int writers, int pauseMillis, int accounts, int benchRate) {}

    /** @param differences rows of a table rebuilt from events that are not those of the real one, by tables */
    record Result(Verdict verdict, LedgerAudit audit, Map<String, Integer> differences) {}

    private HistoryRun(Size size, Path folder, Random random, Stand stand) {
        this.size = size;
        this.folder = folder;
        this.random = random;
        this.stand = stand;
    }

    /** Runs it, and prints its figures under {@code name}. */
    static Result run(String name, Size size, Path folder, Random random) throws Exception {
        try (PostgresFixture postgres = PostgresFixture.builder().durable().build();
                Stand stand = new Stand(postgres, Stand.Changes.NONE, HEARTBEAT)) {
            return new HistoryRun(size, folder, random, stand).run(name);
        }
    }

    private Result run(String name) throws Exception {
        stand.execute(TransactionMix.SCHEMA);
        Optional<Pgbench> bench = bench();
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            stand.start();
            subscribe();
            if (bench.isPresent()) {
                bench.get().fill(stand.direct, size.accounts);
            }
            List<Future<Ledger>> writers = new ArrayList<>();
            for (int w = 1; w <= size.writers; w++) {
                writers.add(threads.submit(new TransactionMix(
                        stand.direct, w, new Random(random.nextLong()), writing::get, false, size.pauseMillis)));
            }
            Future<Integer> benching = threads.submit(() -> bench.isPresent() ? keepRunning(bench.get()) : 0);
            boolean crashed = harm();
            writing.set(false);
            List<Ledger> ledgers = new ArrayList<>();
            for (Future<Ledger> writer : writers) {
                ledgers.add(writer.get());
            }
            int benchRuns = benching.get();
            awaitHead();
            return compare(name, ledgers, crashed, bench.isPresent(), benchRuns);
        } finally {
            writing.set(false);
            later.close();
            threads.shutdown();
            for (Subscriber subscriber : subscribers) {
                subscriber.close();
            }
            threads.awaitTermination(30, TimeUnit.SECONDS);
        }
    }

    private Optional<Pgbench> bench() throws SQLException {
        Optional<Path> program = Pgbench.installed();
        if (program.isEmpty()) {
            System.out.println("pgbench is not installed: without it");
            return Optional.empty();
        }
        String database = stand.url.replaceAll(".*/|\\?.*", "");
        return Optional.of(Pgbench.prepare(program.get(), folder, stand.postgres, database, stand.direct));
    }

    private void subscribe() {
        for (int i = 0; i < SUBSCRIBERS; i++) {
            int watch = i % Watches.LIST.size();
            // the first of each rebuild tables, for which they may see nothing twice
            Keeping keeping = KEEPINGS.get(i < 2 ? 0 : i % KEEPINGS.size());
            StartFrom from = keeping == Keeping.STORED && i % 4 == 3 ? StartFrom.now() : StartFrom.beginning();
            Consumer<Event> handled = i == 0 ? ofAll::apply : i == 1 ? ofBench::apply : event -> {};
            String name = "subscriber " + (i + 1);
            PositionStore memory = PositionStore.inMemory();
            Path file = folder.resolve(name + ".json");
            boolean inFile = i % 2 == 0;
            subscribers.add(new Subscriber(
                    name,
                    stand.port,
                    new Subscriber.Settings(
                            Watches.LIST,
                            watch,
                            keeping,
                            from,
                            () -> inFile ? PositionStore.file(file) : memory,
                            handled,
                            client -> client),
                    random));
        }
    }

    /** A run of it ends when its server does, so it is started again; how often it was. */
    private int keepRunning(Pgbench bench) throws InterruptedException {
        int runs = 0;
        while (writing.get()) {
            Process run = bench.start(Duration.ofSeconds(3), 2, size.benchRate);
            try {
                if (run.waitFor() != 0) {
                    LockSupport.parkNanos(AFTER_FAILURE.toNanos());
                }
                runs++;
            } finally {
                run.destroyForcibly();
            }
        }
        return runs;
    }

    /** Lets faults befall both sides for the time of the run; whether the database has crashed. */
    private boolean harm() throws InterruptedException {
        ServerFaults ofServer = new ServerFaults(stand, subscribers, new Random(random.nextLong()), faults, later);
        ClientFaults ofClients = new ClientFaults(subscribers, new Random(random.nextLong()), faults, later);
        Faults server = Faults.start("faults of the server", ofServer, size.duration);
        Faults clients = Faults.start("faults of clients", ofClients, size.duration);
        server.join();
        clients.join();
        return ofServer.crashed();
    }

    /** What doesn't get there in time is lost, and so reported. */
    private void awaitHead() throws SQLException {
        long head = stand.head();
        try {
            await().atMost(size.patience).until(() -> subscribers.stream().allMatch(each -> each.position() >= head));
        } catch (ConditionTimeoutException e) {
            subscribers.stream()
                    .filter(each -> each.position() < head)
                    .forEach(each -> System.out.println(each.name + " is at " + each.position() + " of " + head));
        }
        subscribers.forEach(each -> each.end(head));
    }

    private Result compare(String name, List<Ledger> ledgers, boolean crashed, boolean benched, int benchRuns)
            throws SQLException {
        LogTable table = LogTable.read(stand.direct, Watches.LIST);
        Verdict verdict =
                Verdict.of(table, subscribers.stream().map(each -> each.history).toList());
        LedgerAudit audit = LedgerAudit.of(stand.direct, ledgers, crashed);
        Map<String, Integer> differences = new LinkedHashMap<>();
        for (Map.Entry<String, String> mix : MIX_TABLES.entrySet()) {
            differences.put(mix.getKey(), ofAll.differences(stand.direct, mix.getKey(), mix.getValue()));
        }
        if (benched) {
            for (Map.Entry<String, String> its : Pgbench.TABLES.entrySet()) {
                differences.put(
                        its.getKey(),
                        ofAll.differences(stand.direct, its.getKey(), its.getValue())
                                + ofBench.differences(stand.direct, its.getKey(), its.getValue()));
            }
        }
        Figures figures = new Figures(name);
        figures.add("events in the log", table.events());
        figures.add("rows committed by " + size.writers + " writers", Ledger.rows(ledgers));
        figures.add(
                "transactions committed by them",
                ledgers.stream().mapToInt(Ledger::transactions).sum());
        if (benched) {
            figures.add("transactions of pgbench", stand.number("SELECT count(*) FROM pgbench_history"));
            figures.add("runs of pgbench", benchRuns);
        }
        figures.add("subscribers", subscribers.size());
        figures.add(
                "deliveries",
                subscribers.stream().mapToInt(each -> each.history.deliveries()).sum());
        figures.add(
                "reconnects",
                subscribers.stream().mapToInt(Subscriber::reconnects).sum());
        figures.add("fell behind (demoted to catch-up)", stand.fellBehind.get());
        figures.add("caught up", stand.caughtUp.get());
        figures.addAll(faults.counts());
        figures.addAll(verdict.errors());
        figures.add("errors found by the writers' ledgers", audit.equals(LedgerAudit.CLEAN) ? 0 : 1);
        figures.add(
                "rows that differ in the tables rebuilt",
                differences.values().stream().mapToInt(count -> count).sum());
        figures.print();
        if (!verdict.clean()) {
            verdict.details().forEach(System.out::println);
            faults.last().forEach(System.out::println);
        }
        return new Result(verdict, audit, differences);
    }
}
