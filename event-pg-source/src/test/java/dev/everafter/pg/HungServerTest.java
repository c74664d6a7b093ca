package dev.everafter.pg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.TcpProxy;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.Driver;

/** A server that stops answering is noticed, told, and followed again when it goes on. */
@Timeout(120)
class HungServerTest {
    private static PostgresFixture server;

    private final Counts counts = new Counts();
    /** The clock runs ahead by that much, so that nobody waits for the heartbeat. */
    private final AtomicLong ahead = new AtomicLong();

    @BeforeAll
    static void start() {
        server = PostgresFixture.builder().build();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String emit(int i) {
        return "SELECT everafter.emit('t', 'x', '{\"v\":\"" + i + "\"}')";
    }

    /** One with a shorter patience than the real one, on a port of a proxy's choice. */
    private PgEventLog log(Db db, int port) {
        Properties properties = new Properties();
        properties.setProperty("ApplicationName", "everafter tailer");
        properties.setProperty("socketTimeout", "2");
        String url = db.url.replace(":" + db.server.port() + "/", ":" + port + "/");
        TailSessions impatient = () -> TailSession.open(
                () -> new Driver().connect(url, properties),
                connection -> new TailSession(connection, Duration.ofSeconds(2)));
        return PgEventLog.builder()
                .dataSource(db.source)
                .sessions(impatient)
                .listener(counts)
                .nanos(() -> System.nanoTime() + ahead.get())
                .build();
    }

    private void assertNoticed(PgEventLog log) {
        ahead.addAndGet(TimeUnit.SECONDS.toNanos(11));
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> counts.lost.get() > 0);
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> !log.status().following());
        String problem = log.status().problem().orElseThrow();
        assertTrue(problem.contains("the server did not answer in time"), problem);
    }

    @Test
    void shouldNoticeAServerThatHangsAndLoseNothingWhenItGoesOn() throws Exception {
        Db db = Db.installed(server);
        ExecutorService writing = Executors.newSingleThreadExecutor();
        try (PgEventLog log = log(db, server.port());
                Tail tail = Tail.started(log)) {
            AtomicInteger written = new AtomicInteger();
            Future<Void> writer = writing.submit(() -> {
                try (Connection connection = db.connect()) {
                    for (int i = 1; i <= 1_000 || counts.lost.get() == 0; i++) {
                        Db.execute(connection, emit(i));
                        written.set(i);
                    }
                }
                return null;
            });
            tail.awaitEvents(500);
            server.freeze();
            assertNoticed(log);
            int soFar = written.get();
            server.thaw();
            writer.get();
            assertTrue(soFar < written.get());
            tail.awaitEvents(written.get());
            assertEquals(
                    IntStream.rangeClosed(1, written.get())
                            .mapToObj(Integer::toString)
                            .toList(),
                    tail.values());
            assertEquals(List.of(), tail.changes());
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> log.status().following());
        } finally {
            writing.shutdownNow();
        }
    }

    @Test
    void shouldNoticeAHungServerWhileItSleeps() throws Exception {
        Db db = Db.installed(server);
        try (PgEventLog log = log(db, server.port());
                Tail tail = Tail.started(log)) {
            db.execute(emit(1));
            tail.awaitEvents(1);
            int armed = counts.armed.get();
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> counts.armed.get() > armed);
            server.freeze();
            assertNoticed(log);
            server.thaw();
            db.execute(emit(2));
            tail.awaitEvents(2);
            assertEquals(List.of("1", "2"), tail.values());
            assertEquals(List.of(), tail.changes());
        }
    }

    @Test
    void shouldNoticeANetworkThatFallsSilent() throws Exception {
        Db db = Db.installed(server);
        try (TcpProxy network = TcpProxy.to(db.server.port());
                PgEventLog log = log(db, network.port());
                Tail tail = Tail.started(log)) {
            db.execute(emit(1));
            tail.awaitEvents(1);
            for (TcpProxy.Direction direction : TcpProxy.Direction.values()) {
                network.stall(direction);
            }
            db.execute(emit(2));
            assertNoticed(log);
            assertFalse(tail.values().contains("2"));
            for (TcpProxy.Direction direction : TcpProxy.Direction.values()) {
                network.resume(direction);
            }
            tail.awaitEvents(2);
            assertEquals(List.of("1", "2"), tail.values());
            assertEquals(List.of(), tail.changes());
        }
    }
}
