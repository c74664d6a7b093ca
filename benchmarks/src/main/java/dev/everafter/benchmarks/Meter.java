package dev.everafter.benchmarks;

import dev.everafter.benchmarks.LoadClient.Totals;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a server and this process spend from now on, until as many events have come.
 *
 * <p>For one thread.
 */
final class Meter {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Child server;
    private final LoadClient clients;
    private final Totals before;
    private final Proc.Cpu serverBefore;
    private final Proc.Cpu mineBefore;
    private final long began = System.nanoTime();
    private Totals sent = new Totals(0, 0, 0);
    private Proc.Cpu cost = new Proc.Cpu(0, 0);
    private Proc.Cpu mine = new Proc.Cpu(0, 0);
    private double seconds;

    Meter(Child server, LoadClient clients) {
        this.server = server;
        this.clients = clients;
        this.before = clients.totals();
        this.serverBefore = server.cpu();
        this.mineBefore = mine();
    }

    private static Proc.Cpu mine() {
        return Proc.cpu(ProcessHandle.current().pid());
    }

    Totals await(long deliveries) throws InterruptedException {
        clients.await(before.events() + deliveries, PATIENCE);
        seconds = (System.nanoTime() - began) / 1e9;
        cost = spent();
        mine = mine().minus(mineBefore);
        sent = clients.totals().minus(before);
        return sent;
    }

    /** The server's CPU so far. */
    Proc.Cpu spent() {
        return server.cpu().minus(serverBefore);
    }

    Map<String, Double> figures(double deliveries) {
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("server CPU, us per delivered event", cost.total() / deliveries);
        figures.put("  of it in the kernel", cost.system() / deliveries);
        figures.put("server CPU, us per message", cost.total() / sent.messages());
        figures.put("load client's CPU, us per delivered event", mine.total() / deliveries);
        figures.put("events per message", deliveries / sent.messages());
        figures.put("bytes per event", sent.bytes() / deliveries);
        figures.put("deliveries per second", deliveries / seconds);
        return figures;
    }
}
