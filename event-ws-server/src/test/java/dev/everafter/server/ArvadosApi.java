package dev.everafter.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a v0 endpoint asks of Arvados' API server: whose a token is, and whether an object is there for it. It fails and waits to
 * order, and counts. Safe for use by any thread.
 */
public final class ArvadosApi implements AutoCloseable {
    private static final String PREFIX = "/arvados/v1/";
    private static final String WHOSE = "users/current";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Set<String> tokens = ConcurrentHashMap.newKeySet();
    private final Set<String> hidden = ConcurrentHashMap.newKeySet();
    private final Map<String, Integer> statuses = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger mostRunning = new AtomicInteger();

    public ArvadosApi() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    /** Knows {@code token}, which may read everything that isn't hidden from it. */
    public ArvadosApi knowing(String token) {
        tokens.add(token);
        return this;
    }

    public void hide(String token, String object) {
        hidden.add(token + " " + object);
    }

    public void show(String token, String object) {
        hidden.remove(token + " " + object);
    }

    /** From now on answers with {@code status} to whoever asks for {@code object}; 0 for as it should. */
    public void answer(String object, int status) {
        if (status == 0) {
            statuses.remove(object);
        } else {
            statuses.put(object, status);
        }
    }

    /** Lets whoever asks for {@code object} wait. */
    public void hold(String object) {
        held.put(object, new CountDownLatch(1));
    }

    public void release(String object) {
        CountDownLatch latch = held.remove(object);
        if (latch != null) {
            latch.countDown();
        }
    }

    /** How often {@code object} was asked for. */
    public long asked(String object) {
        return asked.stream().filter(object::equals).count();
    }

    /** How often whose token it is was asked. */
    public long askedWhose() {
        return asked("current");
    }

    /** The most requests there ever were at a time. */
    public int mostAtOnce() {
        return mostRunning.get();
    }

    private void answer(HttpExchange exchange) throws IOException {
        mostRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            String object = path.substring(path.lastIndexOf('/') + 1);
            asked.add(object);
            CountDownLatch latch = held.get(object);
            if (latch != null && !latch.await(5, TimeUnit.MINUTES)) {
                throw new IOException("held for ever");
            }
            exchange.sendResponseHeaders(status(exchange, path, object), -1);
        } catch (InterruptedException e) {
            // The stub is closed.
            Thread.currentThread().interrupt();
        } finally {
            running.decrementAndGet();
        }
    }

    private int status(HttpExchange exchange, String path, String object) {
        if (statuses.containsKey(object)) {
            return statuses.get(object);
        }
        boolean asExpected = exchange.getRequestMethod().equals("GET")
                && path.startsWith(PREFIX)
                && "include_trash=true&select=[\"uuid\"]"
                        .equals(exchange.getRequestURI().getQuery());
        String header = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        if (!asExpected) {
            return 422;
        }
        String token = header.substring(header.indexOf(' ') + 1);
        if (!header.startsWith("Bearer ") || !tokens.contains(token)) {
            return 401;
        }
        boolean there =
                path.equals(PREFIX + WHOSE) || path.substring(PREFIX.length()).matches("[a-z_]+/[^/]+");
        return !there || hidden.contains(token + " " + object) ? 404 : 200;
    }

    @Override
    public void close() {
        held.values().forEach(CountDownLatch::countDown);
        server.stop(0);
        threads.shutdownNow();
    }
}
