package dev.everafter.examples.history;

import dev.everafter.client.ActiveSubscription;
import dev.everafter.client.ClientListener;
import dev.everafter.client.EventClient;
import dev.everafter.client.EventHandler;
import dev.everafter.client.GapPolicy;
import dev.everafter.client.PositionStore;
import dev.everafter.client.Subscription;
import dev.everafter.core.Event;
import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import dev.everafter.core.StartFrom;
import dev.everafter.testkit.History;
import dev.everafter.testkit.History.Promise;
import dev.everafter.testkit.History.Stretch;
import dev.everafter.testkit.TcpProxy;
import dev.everafter.testkit.Watch;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * One client with one subscription, behind a proxy of its own, and its {@link History}. It can leave and come back in every
 * way a program can.
 *
 * <p>For one thread, but for {@link #position()}.
 */
final class Subscriber implements AutoCloseable {
    final String name;
    final TcpProxy proxy;
    final History history;
    final AtomicInteger connections = new AtomicInteger();
    private final Settings settings;
    private final Watch watch;
    private final Random random;
    private final List<Thread> dead = new ArrayList<>();
    private volatile Life life;
    private int lives;
    private Optional<Position> withEffects = Optional.empty();

    /** How it keeps its position. */
    enum Keeping {
        /** In the client's store, in order: it is closed before it starts anew. */
        STORED,
        /** In the client's store, which lags behind: it dies and starts anew. */
        STORED_AND_DIES,
        /** With its effects, in one step: it dies and starts anew. */
        WITH_EFFECTS_AND_DIES
    }

    /**
     * @param watch an index in {@code watches}
     * @param store opens the position store, each time it starts anew
     * @param handled told of each event that was handled
     * @param client what else is to be set on each client
     */
    record Settings(
            List<Watch> watches,
            int watch,
            Keeping keeping,
            StartFrom from,
            Store store,
            Consumer<Event> handled,
            UnaryOperator<EventClient.Builder> client) {
        interface Store {
            PositionStore open();
        }
    }

    /** Starts it. */
    Subscriber(String name, int port, Settings settings, Random random) {
        this.name = name;
        this.settings = settings;
        this.watch = settings.watches.get(settings.watch);
        this.random = new Random(random.nextLong());
        this.proxy = TcpProxy.to(port);
        this.history = new History(
                name + " (" + watch.name() + ", " + settings.keeping + ")",
                settings.watch,
                settings.keeping == Keeping.STORED_AND_DIES ? Promise.AT_LEAST_ONCE : Promise.ONCE);
        this.life = new Life(settings.from);
    }

    /** How far it is; 0 before it knows. */
    long position() {
        return life.subscription.position().map(Position::id).orElse(0L);
    }

    /** How often it was connected anew within a life. */
    int reconnects() {
        return Math.max(0, connections.get() - lives);
    }

    /** Unsubscribes, and subscribes again on the same client. */
    void resubscribe() {
        life.hold(false);
        life.leave();
        life.subscribe(from(life.stretch));
    }

    /** Ends as a program does, in order or not, and starts anew. */
    void restart() {
        Life before = life;
        if (settings.keeping == Keeping.STORED) {
            before.hold(false);
            before.leave();
            before.client.close();
        } else {
            before.die();
            before.hold(false);
            proxy.cutAll();
            Thread burial = new Thread(before.client::close, name + " is dead");
            burial.start();
            dead.add(burial);
        }
        life = new Life(from(before.stretch));
    }

    /** Who keeps the position in the store gets it from there. */
    private StartFrom from(Stretch before) {
        // a stretch that was never confirmed knows of none
        withEffects = before.position().or(() -> withEffects);
        return settings.keeping == Keeping.WITH_EFFECTS_AND_DIES
                ? withEffects.map(StartFrom::after).orElse(settings.from)
                : settings.from;
    }

    /** Has its handler stand still, or go on. */
    void hold(boolean stand) {
        life.hold(stand);
    }

    /** Whether its handler stands still, with an event. */
    boolean isHeld() {
        return life.held;
    }

    /** Takes nothing more: what has not come up to {@code head} is lost. */
    void end(long head) {
        life.over = true;
        life.stretch.end(head);
    }

    @Override
    public void close() throws Exception {
        life.hold(false);
        life.over = true;
        life.client.close();
        for (Thread burial : dead) {
            burial.join();
        }
        proxy.close();
    }

    /** From one start of the program to its end. */
    private final class Life implements ClientListener, EventHandler {
        final MortalStore store = new MortalStore(settings.store.open());
        final EventClient client;
        volatile Stretch stretch = history.begin();
        volatile boolean over;
        ActiveSubscription subscription;
        volatile boolean held;
        private boolean standing;

        Life(StartFrom from) {
            lives++;
            client = settings.client
                    .apply(EventClient.builder()
                            .uri(URI.create("ws://127.0.0.1:" + proxy.port() + "/ws"))
                            .positionStore(store)
                            .connectTimeout(Duration.ofSeconds(2))
                            .backoff(Duration.ofMillis(5), Duration.ofMillis(300))
                            .random(random)
                            .listener(this))
                    .build();
            subscription = started(from);
        }

        private ActiveSubscription started(StartFrom from) {
            Subscription asked =
                    Subscription.where(watch.filter()).from(from).window(500).onGap(GapPolicy.CONTINUE);
            ActiveSubscription begun = client.subscribe(
                    settings.keeping == Keeping.WITH_EFFECTS_AND_DIES ? asked : asked.named(name), this);
            var unused = begun.done().whenComplete((nothing, failure) -> {
                if (failure != null && !over) {
                    history.ended();
                }
            });
            return begun;
        }

        void subscribe(StartFrom from) {
            stretch = history.begin();
            subscription = started(from);
        }

        /** Ends the subscription in order. */
        void leave() {
            subscription.close();
            stretch.end(subscription.position().map(Position::id).orElse(0L));
        }

        /** Dies in the middle of whatever it does. */
        void die() {
            over = true;
            store.die();
            if (settings.keeping == Keeping.WITH_EFFECTS_AND_DIES) {
                stretch.end();
            } else {
                stretch.end(store.load(name).map(Position::id).orElse(0L));
            }
        }

        synchronized void hold(boolean stand) {
            standing = stand;
            notifyAll();
        }

        private synchronized void awaitGo() throws InterruptedException {
            while (standing) {
                held = true;
                wait();
            }
            held = false;
        }

        @Override
        public void onEvent(Event event) throws Exception {
            awaitGo();
            if (!stretch.take(event)) {
                throw new IllegalStateException("dead");
            }
            settings.handled.accept(event);
        }

        @Override
        public void onGap(Gap gap) {
            stretch.gap(gap.after(), gap.to());
        }

        @Override
        public void onConnected() {
            connections.incrementAndGet();
        }

        @Override
        public void onSubscribed(String subscription, Position position) {
            stretch.startsAt(position);
        }

        @Override
        public void onHole(String subscription, Optional<Position> position, String flaw) {
            history.hole();
        }
    }
}
