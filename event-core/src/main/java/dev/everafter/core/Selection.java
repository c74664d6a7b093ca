package dev.everafter.core;

import java.util.Optional;

/**
 * What a subscriber gets to see: the events it asks for, as far as it may see them.
 *
 * <p>An event of a changed row has two images, and matches if either does. Where the image after the change matches, the
 * event is delivered, without {@code old} if the image before is not for this subscriber to see. Where only the image
 * before does, the row has left this subscriber's view: it is delivered with {@link Event#left()} and the key alone.
 * What can't be known matches nothing, nor does its negation: {@code old} where either image is not for this subscriber to see, JSON
 * beyond what {@link RawJson#parse()} reads, and values that were not captured for their size.
 *
 * <p>A {@code truncate} takes all rows of its table out of every view and says of none what it held. It is delivered,
 * whole, to everyone whose filters a row of that table could have matched. A {@link Revocation} is delivered to nobody.
 *
 * <p>Immutable and safe for use by any thread. Equal selections share their work.
 *
 * @param filter what the subscriber asks for
 * @param visibility what its principal may see; {@link Filter#all()} where nobody restricts it
 */
public record Selection(Filter filter, Filter visibility) {
    /** Canonicalises both filters. */
    public Selection {
        filter = filter.canonical();
        visibility = visibility.canonical();
    }

    /** All events that match {@code filter}. */
    public static Selection of(Filter filter) {
        return new Selection(filter, Filter.all());
    }

    /** The form in which {@code event} is delivered, if it is. */
    public Optional<Event> select(Event event) {
        return select(new EventImages(event));
    }

    Optional<Event> select(EventImages images) {
        Event event = images.event();
        if (Revocation.is(event)) {
            return Optional.empty();
        }
        if (images.wholeTable()) {
            boolean concerned =
                    images.current().possibly(filter) && images.current().possibly(visibility);
            return concerned ? Optional.of(event) : Optional.empty();
        }
        Optional<EventImages.View> before = images.before();
        // Also filters must not ask what is not to be seen: an answer to "was it 1?" tells as much as the value.
        boolean hidesOld = before.isPresent() && !before.get().surely(visibility);
        if (sees(hidesOld ? images.currentWithoutOld() : images.current())) {
            return Optional.of(hidesOld ? event.withoutOld() : event);
        }
        boolean left = before.isPresent() && !hidesOld && before.get().surely(filter) && mayAskOld(images);
        return left ? Optional.of(event.leaving(images.keyBefore())) : Optional.empty();
    }

    /** Which columns {@code old} has may tell what the image after holds: those that it lacks haven't changed. */
    private boolean mayAskOld(EventImages images) {
        return images.current().surely(visibility) || images.beforeWithoutOld().surely(filter);
    }

    private boolean sees(EventImages.View image) {
        return image.surely(filter) && image.surely(visibility);
    }

    /** Both conditions in one, for a log to narrow its reading by. */
    Filter combined() {
        return Filter.and(filter, visibility).canonical();
    }
}
