package dev.everafter.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The subscriptions of one connection, and which of them speaks next: live before catching up, each kind in turn. So that
 * a busy live one starves nobody, one that catches up has its turn after every {@value #LIVE_IN_A_ROW} live ones.
 *
 * <p>Belongs to its session's turn.
 */
final class Subscriptions {
    private static final int LIVE_IN_A_ROW = 4;

    private final Map<String, Subscription> byName = new LinkedHashMap<>();
    /** In order of their next turn. */
    private final ArrayDeque<Subscription> order = new ArrayDeque<>();
    /** Those whose position the heartbeat still has to look up. */
    private final ArrayDeque<Subscription> toLookUp = new ArrayDeque<>();

    private boolean beating;
    /** Whether the heartbeat has not been heard yet. */
    private boolean owing;

    private int liveInARow;

    int size() {
        return byName.size();
    }

    Optional<Subscription> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    boolean hasRef(int ref) {
        return byName.values().stream().anyMatch(each -> each.ref() == ref);
    }

    void add(Subscription subscription) {
        byName.put(subscription.name(), subscription);
        order.addLast(subscription);
    }

    void remove(Subscription subscription) {
        byName.remove(subscription.name());
        order.remove(subscription);
        toLookUp.remove(subscription);
    }

    Collection<Subscription> all() {
        return List.copyOf(byName.values());
    }

    /** How far each that has started was told to be. */
    Map<String, Long> told() {
        Map<String, Long> told = new LinkedHashMap<>();
        for (Subscription subscription : byName.values()) {
            if (subscription.started()) {
                told.put(subscription.name(), subscription.told());
            }
        }
        return told;
    }

    /** Begins a heartbeat: quiet subscriptions are looked at, and then all positions that have advanced are told. */
    void beat() {
        beating = true;
        toLookUp.clear();
        for (Subscription subscription : order) {
            if (!subscription.pollable() && subscription.windowOpen()) {
                toLookUp.addLast(subscription);
            }
        }
    }

    /**
     * Polls until there is something to send or nothing more to find.
     *
     * @param head what a heartbeat names if there is nothing else to say
     * @param rights without which nothing is polled
     */
    void advance(Collection<Outgoing> out, LongSupplier head, Rights rights) {
        while (out.isEmpty()) {
            if (!rights.hold()) {
                waitForRights(out, head);
                return;
            }
            Subscription next = toLookUp.pollFirst();
            if (next == null && beating) {
                beating = false;
                owing = true;
                tellPositions(out::add);
                continue;
            }
            if (next == null) {
                next = choose();
            }
            if (next == null && owing) {
                // Those that still had to look when it beat have looked by now.
                tellPositions(out::add);
                if (out.isEmpty()) {
                    out.add(ServerMessages.heartbeat(head.getAsLong()));
                }
                break;
            }
            if (next == null) {
                return;
            }
            next.poll(out::add);
            if (next.ended()) {
                remove(next);
            }
        }
        owing = false;
    }

    /** There is nothing to say but that the connection is alive. */
    private void waitForRights(Collection<Outgoing> out, LongSupplier head) {
        if (beating || owing) {
            out.add(ServerMessages.heartbeat(head.getAsLong()));
        }
        toLookUp.clear();
        beating = false;
        owing = false;
    }

    private @Nullable Subscription choose() {
        Subscription live = null;
        Subscription behind = null;
        for (Subscription subscription : order) {
            if (!subscription.pollable()) {
                continue;
            }
            if (subscription.live()) {
                live = live == null ? subscription : live;
            } else {
                behind = behind == null ? subscription : behind;
            }
        }
        boolean takeLive = live != null && (behind == null || liveInARow < LIVE_IN_A_ROW);
        liveInARow = takeLive ? liveInARow + 1 : 0;
        Subscription chosen = takeLive ? live : behind;
        if (chosen != null) {
            order.remove(chosen);
            order.addLast(chosen);
        }
        return chosen;
    }

    /** Lets all go on by the rights that there are now, once the client knows where those before had been followed. */
    void reselect(Consumer<Outgoing> out) {
        tellPositions(out);
        for (Subscription subscription : all()) {
            subscription.checkRendering(out);
            if (subscription.ended()) {
                remove(subscription);
            } else {
                subscription.reselect();
            }
        }
    }

    private void tellPositions(Consumer<Outgoing> out) {
        Map<Advance, List<Integer>> refs = new LinkedHashMap<>();
        for (Subscription subscription : byName.values()) {
            subscription.advanced().ifPresent(to -> {
                Advance advance = new Advance(subscription.told(), to);
                refs.computeIfAbsent(advance, ignored -> new ArrayList<>()).add(subscription.ref());
                subscription.tell(to);
            });
        }
        refs.forEach((advance, all) -> out.accept(ServerMessages.position(advance.after, advance.to, all)));
    }

    /** Those who were told the same are told the next in one message. */
    private record Advance(long after, long to) {}
}
