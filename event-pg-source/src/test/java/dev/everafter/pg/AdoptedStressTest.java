package dev.everafter.pg;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.testkit.PostgresFixture;
import dev.everafter.testkit.Seed;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Writers of an adopted table who take their ids in every way, and a reader whose session is cut: no row is lost in
 * silence. Each is delivered, in order, or told as late; where ids are safe, none is late.
 */
@Timeout(180)
class AdoptedStressTest {
    private static final int WRITERS = 6;
    private static final Duration DURATION = Duration.ofSeconds(3);

    private final Counts counts = new Counts();

    /** How writers come by their ids. */
    enum Ids {
        /** By the column's default, one by one. */
        SAFE("", false, false),
        /** Some take twenty in a transaction of their own, and use them later. */
        POOLED("", true, false),
        /** Each session keeps ten. */
        CACHE("ALTER SEQUENCE logs_id_seq CACHE 10", false, false),
        /** Some write ids of their own, ahead of the sequence, which then comes by. */
        EXPLICIT("", false, true);

        final String setup;
        final boolean pooled;
        final boolean explicit;

        Ids(String setup, boolean pooled, boolean explicit) {
            this.setup = setup;
            this.pooled = pooled;
            this.explicit = explicit;
        }
    }

    /** One session after another: it dies now and then, and with it what it keeps. */
    private static final class Writer implements java.util.concurrent.Callable<Void> {
        private final Db db;
        private final Ids ids;
        private final int number;
        private final Random random;
        private final long stop;
        private final List<Long> pool = new ArrayList<>();

        Writer(Db db, Ids ids, int number, Random random, long stop) {
            this.db = db;
            this.ids = ids;
            this.number = number;
            this.random = random;
            this.stop = stop;
        }

        @Override
        public Void call() throws SQLException {
            while (System.nanoTime() < stop) {
                try (Connection connection = db.connect()) {
                    connection.setAutoCommit(false);
                    for (int i = 0; i < 20 && System.nanoTime() < stop; i++) {
                        transaction(connection);
                    }
                }
            }
            return null;
        }

        private void transaction(Connection connection) throws SQLException {
            boolean odd = number % 2 == 0;
            if (ids.pooled && odd && pool.isEmpty()) {
                for (String id : db.texts("SELECT nextval('logs_id_seq') FROM generate_series(1, 20)")) {
                    pool.add(Long.parseLong(id));
                }
            }
            for (int rows = random.nextInt(1, 4); rows > 0; rows--) {
                if (ids.pooled && odd && !pool.isEmpty()) {
                    Db.execute(connection, Adopted.insertSql(pool.remove(0), "w"));
                } else if (ids.explicit && odd && random.nextInt(10) == 0) {
                    Db.execute(
                            connection,
                            "INSERT INTO logs (id, v) SELECT last_value + " + random.nextInt(2, 200)
                                    + ", 'w' FROM logs_id_seq ON CONFLICT DO NOTHING");
                } else {
                    // the sequence's own may be there already, by hand
                    Db.execute(connection, "INSERT INTO logs (v) VALUES ('w') ON CONFLICT DO NOTHING");
                }
                pause(5);
            }
            if (random.nextInt(5) == 0) {
                Db.execute(connection, "SAVEPOINT a", "INSERT INTO logs (v) VALUES ('w') ON CONFLICT DO NOTHING");
                Db.execute(connection, "ROLLBACK TO a");
            }
            if (random.nextInt(10) == 0) {
                connection.rollback();
            } else {
                connection.commit();
            }
            pause(20);
        }

        private void pause(int mostMillis) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(mostMillis)));
        }
    }

    private static void write(Db db, Ids ids, Random random) throws Exception {
        long stop = System.nanoTime() + DURATION.toNanos();
        ExecutorService pool = Executors.newFixedThreadPool(WRITERS);
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (int i = 0; i < WRITERS; i++) {
                running.add(pool.submit(new Writer(db, ids, i, new Random(random.nextLong()), stop)));
            }
            while (System.nanoTime() < stop) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(700));
                db.cutTailers();
            }
            for (Future<Void> writer : running) {
                writer.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static Set<Long> rows(Db db) throws SQLException {
        Set<Long> rows = new HashSet<>();
        db.texts("SELECT id FROM logs").forEach(id -> rows.add(Long.parseLong(id)));
        return rows;
    }

    @ParameterizedTest
    @EnumSource
    void shouldLoseNoRowInSilence(Ids ids) throws Exception {
        Random random = Seed.random("shouldLoseNoRowInSilence");
        Adopted adopted = Adopted.on(PostgresFixture.shared());
        if (!ids.setup.isEmpty()) {
            adopted.db.execute(ids.setup);
        }
        try (AdoptedLog log = adopted.log()
                        .recheckEach(Duration.ofMillis(100))
                        .listener(counts)
                        .build();
                Tail tail = Tail.started(log)) {
            write(adopted.db, ids, random);
            Set<Long> rows = rows(adopted.db);
            await().until(() -> {
                Set<Long> missing = new HashSet<>(rows);
                tail.events().forEach(event -> missing.remove(event.id()));
                counts.late.forEach(event -> missing.remove(event.id()));
                return missing.isEmpty();
            });
            List<Long> told =
                    new ArrayList<>(tail.events().stream().map(Event::id).toList());
            told.addAll(counts.late.stream().map(Event::id).toList());
            assertEquals(rows.size(), told.size(), "something was told twice, or invented");
            assertEquals(List.of(), tail.changes());
            assertTrue(rows.size() > 50, "that is no stress");
            assertTrue(counts.lost.get() > 0, "no session was cut");
            System.out.println(ids + ": " + rows.size() + " rows, of which late " + counts.late.size() + ", holes "
                    + counts.gaps.get() + ", sessions lost " + counts.lost.get());
            if (ids == Ids.SAFE) {
                assertEquals(List.of(), counts.late);
            }
        }
    }
}
