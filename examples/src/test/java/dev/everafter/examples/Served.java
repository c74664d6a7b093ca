package dev.everafter.examples;

import dev.everafter.core.Event;
import dev.everafter.core.EventHub;
import dev.everafter.core.Filter;
import dev.everafter.core.InMemoryEventLog;
import dev.everafter.core.Page;
import dev.everafter.core.ReadLimits;
import dev.everafter.server.EndpointOptions;
import dev.everafter.server.standalone.EventServer;
import dev.everafter.testkit.LoopbackPorts;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A log in memory with a real hub and a real server in front of it. */
final class Served implements AutoCloseable {
    final InMemoryEventLog log = new InMemoryEventLog();
    private final EventHub hub;
    private final Set<String> origins;
    private final Duration heartbeat;
    private EventServer server;

    /** @param tailBytes how much stays in memory: little of it makes slow readers read the log */
    Served(long tailBytes) {
        this(tailBytes, Set.of());
    }

    /** @param origins of pages that may connect, beside the server's own */
    Served(long tailBytes, Set<String> origins) {
        this(tailBytes, origins, Duration.ofMillis(200));
    }

    /** @param heartbeat the server's; whoever hears no answer for two of them takes it for gone, and connects anew */
    Served(long tailBytes, Set<String> origins, Duration heartbeat) {
        this.origins = origins;
        this.heartbeat = heartbeat;
        hub = EventHub.builder(log).tailBytes(tailBytes).build();
        server = start(LoopbackPorts.free());
    }

    private EventServer start(int port) {
        return EventServer.builder(hub)
                .port(port)
                .options(EndpointOptions.builder()
                        .heartbeat(heartbeat)
                        .allowedOrigins(origins)
                        .build())
                .start();
    }

    int port() {
        return server.port();
    }

    URI uri() {
        return uri(port());
    }

    static URI uri(int port) {
        return URI.create("ws://127.0.0.1:" + port + "/ws");
    }

    /** Drains, and serves the same log on the same port again. */
    void restart() {
        int port = port();
        server.close();
        server = start(port);
    }

    /** The whole log. */
    List<Event> events() {
        List<Event> all = new ArrayList<>();
        long head = log.range().head();
        long at = 0;
        while (at < head) {
            Page page = log.read(at, head, Filter.all(), new ReadLimits(10_000, Long.MAX_VALUE));
            all.addAll(page.events());
            at = page.scannedTo();
        }
        return all;
    }

    @Override
    public void close() {
        server.close();
        hub.close();
        log.close();
    }
}
