package dev.everafter.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a lane's matches into batches, and gives the very same batch to all who come to one place with the same limits. They
 * come to the same places because a batch ends at the next multiple of its limit, counted from the lane's first match: who
 * has fallen out of step by a few events is in step again with its next batch.
 *
 * <p>The last few batches are kept, each where its place and limits put it, so a newer one replaces one that it meets there.
 * When the lane lets events go it goes on with {@link #from the rest} of its batches, so none is kept for longer than the
 * event it begins with. A lane with one subscriber keeps none.
 *
 * <p>Safe for use by any thread. A batch is immutable and complete before it is put here; two who build one at once get two
 * equal ones, and one of them is kept.
 */
final class LaneBatches {
    private static final int PLACES = 8;
    private static final int HASH = 0x9E3779B9;

    private final Optional<EncodedBytes> encoded;
    private final AtomicReferenceArray<@Nullable Kept> places;

    /** @param whole whether it ends because of its limits, and not for want of events */
    private record Kept(long place, int maxEvents, long maxBytes, boolean whole, Batch batch) {}

    private LaneBatches(Optional<EncodedBytes> encoded, int places) {
        this.encoded = encoded;
        this.places = new AtomicReferenceArray<>(places);
    }

    /** Keeps nothing: for a lane that nobody shares. */
    static LaneBatches alone() {
        return new LaneBatches(Optional.empty(), 0);
    }

    static LaneBatches shared(EncodedBytes encoded) {
        return new LaneBatches(Optional.of(encoded), PLACES);
    }

    /**
     * Those that begin at {@code place} or after it: a copy, so that whoever still builds one for the lane as it was can't
     * leave it here after its events have gone.
     */
    LaneBatches from(long place) {
        LaneBatches rest = new LaneBatches(encoded, places.length());
        for (int slot = 0; slot < places.length(); slot++) {
            Kept kept = places.get(slot);
            if (kept != null && kept.place >= place) {
                rest.places.setPlain(slot, kept);
            }
        }
        return rest;
    }

    /**
     * The batch that begins with the event at index {@code at} of {@code view}, which is there and not beyond {@code upTo}.
     *
     * @return null if the view has been overtaken
     */
    @Nullable
    Batch take(Lane.View view, int at, long upTo, int maxEvents, long maxBytes) {
        long place = view.place(at);
        int slot = slot(place, maxEvents, maxBytes);
        Kept kept = slot < 0 ? null : places.get(slot);
        if (kept != null
                && kept.place == place
                && kept.maxEvents == maxEvents
                && kept.maxBytes == maxBytes
                && (kept.whole || !view.hasAt(at + kept.batch.events().size(), upTo))) {
            return kept.batch;
        }
        Kept built = build(view, at, upTo, maxEvents, maxBytes);
        if (built == null) {
            return null;
        }
        if (slot >= 0) {
            places.set(slot, built);
        }
        return built.batch;
    }

    private int slot(long place, int maxEvents, long maxBytes) {
        int hash = HASH * (Long.hashCode(place) + 31 * (maxEvents + 31 * Long.hashCode(maxBytes)));
        return places.length() == 0 ? -1 : (hash >>> 16) % places.length();
    }

    private @Nullable Kept build(Lane.View view, int at, long upTo, int maxEvents, long maxBytes) {
        long after = view.matchBefore(at);
        if (after < 0) {
            return null;
        }
        long place = view.place(at);
        int most = (int) (maxEvents - Math.floorMod(place, (long) maxEvents));
        List<Event> taken = new ArrayList<>(Math.min(most, view.to() - at));
        long bytes = 0;
        boolean whole = false;
        for (int i = at; i < view.to() && !whole; i++) {
            Event event = view.events()[i];
            if (event == null) {
                return null;
            }
            if (event.id() > upTo) {
                break;
            }
            taken.add(event);
            bytes += event.item().length();
            whole = taken.size() == most || bytes >= maxBytes;
        }
        long to = whole ? taken.get(taken.size() - 1).id() : upTo;
        Batch batch = new Batch(after, to, taken, encoded.map(Encodings::new).orElse(null));
        return new Kept(place, maxEvents, maxBytes, whole, batch);
    }
}
