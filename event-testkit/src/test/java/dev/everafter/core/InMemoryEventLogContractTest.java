package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.testkit.EventLogContract;
import dev.everafter.testkit.EventLogSubject;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InMemoryEventLogContractTest extends EventLogContract {
    @Override
    protected EventLogSubject open() {
        InMemoryEventLog log = new InMemoryEventLog();
        return new EventLogSubject() {
            @Override
            public InMemoryEventLog log() {
                return log;
            }

            @Override
            public void append(String topic, List<RawJson> data) {
                log.append(data.stream()
                        .map(json -> new Change(topic, "test", Optional.empty(), Optional.of(json), Optional.empty()))
                        .toList());
            }

            @Override
            public void rollBack(String topic, List<RawJson> data) {
                log.skip(data.size());
            }

            @Override
            public void change(Change change) {
                log.append(List.of(change));
            }

            @Override
            public void prune(long upTo) {
                log.prune(upTo);
            }

            @Override
            public void rewind(long fork) {
                log.rewind(fork);
            }

            @Override
            public void close() {
                log.close();
            }
        };
    }

    @Test
    void shouldReadATruncateWhateverColumnsAreAskedFor() {
        try (InMemoryEventLog log = new InMemoryEventLog()) {
            log.append(List.of(new Change("t", "truncate", Optional.empty(), Optional.empty(), Optional.empty())));
            Filter ofMine = Filter.and(Filter.topic("t"), Filter.eq(Attribute.data("owner"), Value.of("me")));
            ReadLimits plenty = new ReadLimits(10, 10_000);
            assertEquals(1, log.read(0, 1, ofMine, plenty).events().size());
            assertEquals(0, log.read(0, 1, Filter.topic("u"), plenty).events().size());
        }
    }
}
