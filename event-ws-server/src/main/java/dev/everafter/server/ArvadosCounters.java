package dev.everafter.server;

import java.util.concurrent.atomic.LongAdder;

/** What one endpoint counts. Safe for use by any thread. */
final class ArvadosCounters {
    final LongAdder odd = new LongAdder();
    final LongAdder unreadable = new LongAdder();
    final LongAdder cut = new LongAdder();
    final LongAdder setAside = new LongAdder();
    final LongAdder givenUp = new LongAdder();
    final LongAdder asked = new LongAdder();
    final LongAdder unanswered = new LongAdder();
}
