package dev.everafter.core;

import dev.everafter.core.InMemoryEventLog.Change;
import dev.everafter.testkit.EventLogContract;
import dev.everafter.testkit.EventLogSubject;
import java.util.List;
import java.util.Optional;

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
}
