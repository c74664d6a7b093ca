package dev.everafter.pg;

import dev.everafter.core.Event;
import java.time.Instant;
import java.util.List;

/**
 * What one page query found, all of it in one snapshot.
 *
 * @param standby whether the server is one, and so perhaps behind what was proven
 * @param serverStarted which run of the server answered
 * @param scannedTo everything up to here was examined
 */
record EventPage(
        String epoch, long oldest, boolean standby, Instant serverStarted, List<Event> events, long scannedTo) {}
