package dev.everafter.examples;

import dev.everafter.client.ActiveSubscription;
import dev.everafter.client.EventClient;
import dev.everafter.client.PositionStore;
import dev.everafter.client.Subscription;
import dev.everafter.core.Cursor;
import dev.everafter.core.EventHub;
import dev.everafter.core.Filter;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import dev.everafter.pg.LogSchema;
import dev.everafter.pg.PgEventLog;
import java.net.URI;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.Semaphore;
import javax.sql.DataSource;

/** The README's Java, line for line; a test holds the two together and runs what is here. */
final class ReadmeSnippets {
    private ReadmeSnippets() {}

    static ActiveSubscription follow() {
        EventClient client = EventClient.builder()
                .uri(URI.create("ws://127.0.0.1:8800/ws"))
                .positionStore(PositionStore.file(Path.of("positions.json")))
                .build();
        ActiveSubscription orders = client.subscribe(
                Subscription.where(Filter.topic("public.orders"))
                        .from(StartFrom.beginning())
                        .named("orders"),
                event -> System.out.println(event.type() + " " + event.data().orElseThrow()));
        return orders;
    }

    static Embedded embed(DataSource pool, String jdbcUrl, Properties credentials, Semaphore work) {
        LogSchema schema = LogSchema.of(pool);
        schema.install();
        schema.capture("public.orders");

        PgEventLog log = PgEventLog.builder()
                .dataSource(pool)
                .tailer(jdbcUrl, credentials)
                .build();
        EventHub hub = EventHub.builder(log).build();
        Cursor cursor = hub.open(Selection.of(Filter.topic("public.orders")), StartFrom.now());
        cursor.onReady(work::release);
        return new Embedded(log, hub, cursor);
    }

    /** What has to be closed, the last first. */
    record Embedded(PgEventLog log, EventHub hub, Cursor cursor) implements AutoCloseable {
        @Override
        public void close() {
            cursor.close();
            hub.close();
            log.close();
        }
    }
}
