package dev.everafter.examples.history;

import dev.everafter.testkit.FaultLog;
import dev.everafter.testkit.TcpProxy.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** What happens to subscribers and their connections: each kind of fault once in random order, and again. For one thread. */
final class ClientFaults implements Faults.Deck {
    private final List<Subscriber> subscribers;
    private final Random random;
    private final FaultLog log;
    private final Faults.Later later;

    ClientFaults(List<Subscriber> subscribers, Random random, FaultLog log, Faults.Later later) {
        this.subscribers = subscribers;
        this.random = random;
        this.log = log;
        this.later = later;
    }

    private enum Kind {
        CUT,
        STALL,
        SLOW,
        SWALLOW,
        HALF_END,
        HOLD,
        RESUBSCRIBE,
        RESTART
    }

    @Override
    public List<Faults.Fault> shuffled() {
        List<Faults.Fault> deck = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            deck.add(() -> befall(kind, subscribers.get(random.nextInt(subscribers.size()))));
        }
        Collections.shuffle(deck, random);
        return deck;
    }

    @Override
    public Duration pause() {
        return Duration.ofMillis(random.nextInt(10, 200));
    }

    private void befall(Kind kind, Subscriber subscriber) {
        log.add("client: " + kind.name().toLowerCase(Locale.ROOT).replace('_', ' '), subscriber.name);
        Direction direction = random.nextInt(4) > 0 ? Direction.TO_CLIENT : Direction.TO_SERVER;
        Duration time = Duration.ofMillis(random.nextInt(50, 2_500));
        switch (kind) {
            case CUT -> subscriber.proxy.cutAll();
            case STALL -> {
                subscriber.proxy.stall(direction);
                later.after(time, () -> subscriber.proxy.resume(direction));
            }
            case SLOW -> {
                subscriber.proxy.slow(direction, random.nextInt(2_000, 50_000));
                later.after(time, () -> subscriber.proxy.resume(direction));
            }
            case SWALLOW -> subscriber.proxy.swallow(direction);
            case HALF_END -> subscriber.proxy.end(direction);
            case HOLD -> {
                subscriber.hold(true);
                later.after(time, () -> subscriber.hold(false));
            }
            case RESUBSCRIBE -> subscriber.resubscribe();
            case RESTART -> subscriber.restart();
        }
    }

    @Override
    public void heal() {
        for (Subscriber subscriber : subscribers) {
            subscriber.hold(false);
            for (Direction direction : Direction.values()) {
                subscriber.proxy.resume(direction);
            }
        }
    }
}
