package dev.everafter.examples.history;

import dev.everafter.testkit.FaultLog;
import dev.everafter.testkit.TcpProxy;
import dev.everafter.testkit.TcpProxy.Direction;
import dev.everafter.testkit.TransactionMix;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What happens to the server, to its database, and between the two: each kind of fault once in random order, and again.
 * For one thread.
 */
final class ServerFaults implements Faults.Deck {
    private final Stand stand;
    private final List<Subscriber> subscribers;
    private final Random random;
    private final FaultLog log;
    private final Faults.Later later;
    private boolean crashed;

    ServerFaults(Stand stand, List<Subscriber> subscribers, Random random, FaultLog log, Faults.Later later) {
        this.stand = stand;
        this.subscribers = subscribers;
        this.random = random;
        this.log = log;
        this.later = later;
    }

    /** Whether the database has lost what it had not written. */
    boolean crashed() {
        return crashed;
    }

    @Override
    public List<Faults.Fault> shuffled() {
        List<Faults.Fault> deck = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            deck.add(named("writer: terminated", () -> TransactionMix.killOne(stand.direct)));
        }
        deck.add(named("tailer: terminated", () -> stand.terminate(Stand.TAILER)));
        deck.add(named("pool: terminated", () -> stand.terminate(Stand.POOL)));
        deck.addAll(network("tailer", stand.tailSide));
        deck.addAll(network("pool", stand.poolSide));
        deck.add(named("server: stopped and started", () -> restartServer(false)));
        deck.add(named("server: cut off, stopped and started", () -> restartServer(true)));
        deck.add(named("database: stopped and started", stand.postgres::restart));
        deck.add(named("database: crashed and started", this::crash));
        Collections.shuffle(deck, random);
        return deck;
    }

    private List<Faults.Fault> network(String whose, TcpProxy proxy) {
        Direction direction = random.nextBoolean() ? Direction.TO_CLIENT : Direction.TO_SERVER;
        Duration time = Duration.ofMillis(random.nextInt(100, 2_000));
        return List.of(
                named(whose + ": cut", proxy::cutAll),
                named(whose + ": stall", () -> {
                    proxy.stall(direction);
                    later.after(time, () -> proxy.resume(direction));
                }),
                named(whose + ": slow", () -> {
                    proxy.slow(direction, random.nextInt(5_000, 100_000));
                    later.after(time, () -> proxy.resume(direction));
                }),
                // the cut stands for the keepalives, which find out much later
                named(whose + ": swallow", () -> {
                    proxy.swallow(direction);
                    later.after(time, proxy::cutAll);
                }),
                named(whose + ": half end", () -> proxy.end(direction)));
    }

    private Faults.Fault named(String kind, Faults.Fault fault) {
        return () -> {
            log.add(kind, "");
            try {
                fault.befall();
            } catch (SQLException e) {
                // there is no database to do it in just now
            }
        };
    }

    private void restartServer(boolean cutOff) throws Exception {
        if (cutOff) {
            subscribers.forEach(subscriber -> subscriber.proxy.cutAll());
        }
        stand.stop();
        stand.start();
    }

    private void crash() {
        crashed = true;
        stand.postgres.stopImmediately();
        stand.postgres.start();
    }

    @Override
    public Duration pause() {
        return Duration.ofMillis(random.nextInt(100, 900));
    }

    @Override
    public Duration calm() {
        return Duration.ofSeconds(10);
    }

    @Override
    public void heal() {
        for (TcpProxy proxy : List.of(stand.tailSide, stand.poolSide)) {
            for (Direction direction : Direction.values()) {
                proxy.resume(direction);
            }
            proxy.cutAll();
        }
    }
}
