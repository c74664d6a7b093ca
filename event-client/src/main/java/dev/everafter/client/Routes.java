package dev.everafter.client;

import dev.everafter.core.Gap;
import dev.everafter.core.Position;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Brings each message of one connection to the subscription it is for. What is for none - unsubscribed a moment ago - is
 * passed over.
 *
 * <p>Safe for use by any thread.
 */
final class Routes implements ServerMessages {
    private final Link link;
    private final Socket socket;
    private final Map<String, Channel> bySub = new HashMap<>();
    private final Map<Long, Channel> byRef = new HashMap<>();
    private int names;

    Routes(Link link, Socket socket) {
        this.link = link;
        this.socket = socket;
    }

    boolean isOpen() {
        return socket.isOpen();
    }

    /** A channel under a name that this connection has not used before. */
    synchronized Channel open(Worker worker) {
        names++;
        Channel channel = new Channel(socket, "s" + names, worker);
        bySub.put(channel.sub(), channel);
        return channel;
    }

    /** Ends {@code channel}, and tells the server. */
    void close(Channel channel) {
        remove(channel);
        channel.unsubscribe();
    }

    private synchronized void remove(Channel channel) {
        bySub.remove(channel.sub());
        byRef.values().remove(channel);
    }

    @Override
    public void welcome(Duration heartbeat) {
        link.onWelcome(socket, heartbeat);
    }

    @Override
    public void goodbye(String reason, Optional<Duration> reconnectAfter) {
        link.onGoodbye(socket, reason, reconnectAfter);
    }

    @Override
    public void error(Optional<String> sub, String code, String message, boolean retry) {
        if (sub.isEmpty()) {
            link.onServerError(code, message);
            return;
        }
        Channel channel = named(sub.get());
        if (channel != null) {
            remove(channel);
            channel.worker().onRefused(channel, code, message, retry);
        }
    }

    @Override
    public void subscribed(String sub, long ref, Position start) {
        Channel channel;
        synchronized (this) {
            channel = bySub.get(sub);
            if (channel == null) {
                return;
            }
            byRef.put(ref, channel);
        }
        channel.worker().onSubscribed(channel, start);
    }

    @Override
    public void events(long ref, Events events) {
        Channel channel = referred(ref);
        if (channel != null) {
            channel.worker().onEvents(channel, events);
        }
    }

    @Override
    public void position(long after, long to, List<Long> refs) {
        for (long ref : refs) {
            Channel channel = referred(ref);
            if (channel != null) {
                channel.worker().onPosition(channel, after, to);
            }
        }
    }

    @Override
    public void caughtUp(String sub) {
        Channel channel = named(sub);
        if (channel != null) {
            channel.worker().onCaughtUp(channel);
        }
    }

    @Override
    public void fellBehind(String sub) {
        Channel channel = named(sub);
        if (channel != null) {
            channel.worker().onFellBehind(channel);
        }
    }

    @Override
    public void queued(String sub, long ahead) {
        Channel channel = named(sub);
        if (channel != null) {
            channel.worker().onQueued(channel, ahead);
        }
    }

    @Override
    public void gap(String sub, Gap gap) {
        Channel channel = named(sub);
        if (channel != null) {
            channel.worker().onGap(channel, gap);
        }
    }

    @Override
    public void unsubscribed(String sub, String reason) {
        Channel channel = named(sub);
        if (channel != null) {
            remove(channel);
            channel.worker().onUnsubscribed(channel, reason);
        }
    }

    @Override
    public void pong() {
        link.onPong(socket);
    }

    private synchronized @Nullable Channel named(String sub) {
        return bySub.get(sub);
    }

    private synchronized @Nullable Channel referred(long ref) {
        return byRef.get(ref);
    }
}
