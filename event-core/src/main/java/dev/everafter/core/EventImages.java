package dev.everafter.core;

import jakarta.json.JsonException;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The images of one event, of which each JSON member is passed over at most once however many filters look, and only what
 * they ask for is read. It lives for one dispatch, so the tail holds bytes and no trees. For one thread.
 */
final class EventImages {
    private static final RawJson NOTHING = RawJson.of("null");

    private final Event event;
    private final View current;
    private final View currentWithoutOld;
    private final @Nullable View before;
    private final View beforeWithoutOld;
    private final LazyJson key;
    private final LazyJson data;
    private final LazyJson old;
    private @Nullable JsonException trouble;

    EventImages(Event event) {
        this.event = event;
        this.key = member(event.key());
        this.data = member(event.data());
        this.old = member(event.old());
        boolean update = event.data().isPresent() && event.old().isPresent();
        this.current = new View(false, false);
        this.currentWithoutOld = new View(false, true);
        this.before = update ? new View(true, false) : null;
        this.beforeWithoutOld = new View(true, true);
    }

    private LazyJson member(Optional<RawJson> json) {
        return new LazyJson(json.orElse(NOTHING), e -> trouble = trouble == null ? e : trouble);
    }

    Event event() {
        return event;
    }

    /** Whether it is about all rows of a table at once: then nothing says which they were. */
    boolean wholeTable() {
        return event.type().equals("truncate")
                && event.key().isEmpty()
                && event.data().isEmpty()
                && event.old().isEmpty();
    }

    /** Why a filter that asked could not be answered, if that has happened. */
    Optional<RuntimeException> trouble() {
        return Optional.ofNullable(trouble)
                .map(e -> new EventLogException(
                        "event " + event.id() + " of " + event.topic()
                                + " is withheld from filters on what can't be read",
                        e));
    }

    /** The image after the change; before it, where nothing is left after it. */
    View current() {
        return current;
    }

    /** The same, for those who may not know what {@code old} holds. */
    View currentWithoutOld() {
        return currentWithoutOld;
    }

    /** The image before an update. */
    Optional<View> before() {
        return Optional.ofNullable(before);
    }

    /** The image before an update, for those who may not know which of its columns have changed. */
    View beforeWithoutOld() {
        return beforeWithoutOld;
    }

    /** The key that the row had before the change. */
    @Nullable
    RawJson keyBefore() {
        if (event.key().isEmpty() || before == null) {
            return event.key().orElse(null);
        }
        RawJson then = before.root(Attribute.Root.KEY).toRaw();
        return then.equals(key.toRaw()) ? event.key().get() : then;
    }

    /** One of the images. */
    final class View implements Image {
        private final boolean beforeUpdate;
        private final boolean withoutOld;
        private boolean metUnknown;
        private @Nullable LazyJson overlaidKey;
        private @Nullable LazyJson overlaidData;

        View(boolean beforeUpdate, boolean withoutOld) {
            this.beforeUpdate = beforeUpdate;
            this.withoutOld = withoutOld;
        }

        /** Whether {@code filter} matches, whatever those values are that can't be known. */
        boolean surely(Filter filter) {
            boolean matches = filter.matches(this);
            return matches && (!(withoutOld || metUnknown) || holds(filter, true));
        }

        /** Whether {@code filter} may match, for some value of what can't be known. */
        boolean possibly(Filter filter) {
            return !holds(filter, false);
        }

        /** Whether {@code filter} comes out as {@code wanted}, whatever those values are that can't be known. */
        private boolean holds(Filter filter, boolean wanted) {
            if (filter instanceof Filter.And and) {
                return wanted
                        ? and.filters().stream().allMatch(part -> holds(part, true))
                        : and.filters().stream().anyMatch(part -> holds(part, false));
            }
            if (filter instanceof Filter.Or or) {
                return wanted
                        ? or.filters().stream().anyMatch(part -> holds(part, true))
                        : or.filters().stream().allMatch(part -> holds(part, false));
            }
            if (filter instanceof Filter.Not not) {
                return holds(not.filter(), !wanted);
            }
            Condition condition = (Condition) filter;
            return condition.matches(this) == wanted && knows(condition, wanted);
        }

        /** Whether nothing that can't be known would change the answer {@code matched}. */
        private boolean knows(Condition condition, boolean matched) {
            if (condition instanceof Condition.OnAttribute on) {
                return knows(on.attribute());
            }
            LikePattern pattern = ((Condition.AnyLike) condition).pattern();
            boolean always = matched && (pattern.matches(event.topic()) || pattern.matches(event.type()));
            return always || (knowsColumns(Attribute.Root.KEY) && knowsColumns(Attribute.Root.DATA));
        }

        private boolean knowsColumns(Attribute.Root root) {
            return knows(root)
                    && !root(root).isMark()
                    && root(root).members().values().stream().noneMatch(View::mayBeUnknownText);
        }

        private static boolean mayBeUnknownText(LazyJson column) {
            return column.isText() ? column.isUnknown() : column.isMark();
        }

        private boolean knows(Attribute attribute) {
            if (!(attribute instanceof Attribute.Path path)) {
                return true;
            }
            LazyJson at = at(path);
            return knows(path.root()) && (at == null || !at.isUnknown());
        }

        private boolean knows(Attribute.Root root) {
            return !wholeTable() && !(root == Attribute.Root.OLD && withoutOld);
        }

        @Override
        public Value value(Attribute attribute) {
            if (attribute instanceof Attribute.Path path) {
                LazyJson at = at(path);
                return at == null || meetsUnknown(at) ? Value.absent() : at.value();
            }
            return switch ((Attribute.Member) attribute) {
                case TOPIC -> Value.of(event.topic());
                case TYPE -> Value.of(event.type());
                case ID -> Value.of(event.id());
                case AT -> Value.of(event.at());
            };
        }

        @Override
        public boolean exists(Attribute.Path path) {
            LazyJson at = at(path);
            return at != null && !meetsUnknown(at);
        }

        /** What the path leads to, if anything; the mark, if it leads to one or beyond. */
        private @Nullable LazyJson at(Attribute.Path path) {
            LazyJson at = root(path.root());
            for (String name : path.path()) {
                if (at == null || at.isMark()) {
                    return at;
                }
                at = at.members().get(name);
            }
            return at;
        }

        private boolean meetsUnknown(LazyJson at) {
            boolean unknown = at.isUnknown();
            metUnknown |= unknown;
            return unknown;
        }

        @Override
        public boolean anyText(Predicate<String> wanted) {
            return wanted.test(event.topic())
                    || wanted.test(event.type())
                    || anyColumn(root(Attribute.Root.KEY), wanted)
                    || anyColumn(root(Attribute.Root.DATA), wanted);
        }

        private boolean anyColumn(LazyJson row, Predicate<String> wanted) {
            metUnknown |= row.isMark();
            return row.members().values().stream().anyMatch(column -> {
                metUnknown |= mayBeUnknownText(column);
                return column.isText() && column.value() instanceof Value.Text text && wanted.test(text.text());
            });
        }

        private LazyJson root(Attribute.Root root) {
            return switch (root) {
                case OLD -> old;
                case KEY -> beforeUpdate ? keyBeforeUpdate() : key;
                case DATA -> {
                    if (beforeUpdate) {
                        yield dataBeforeUpdate();
                    }
                    yield event.data().isPresent() ? data : old;
                }
            };
        }

        private LazyJson keyBeforeUpdate() {
            LazyJson found = overlaidKey == null ? key.overlaid(old, false) : overlaidKey;
            overlaidKey = found;
            return found;
        }

        private LazyJson dataBeforeUpdate() {
            LazyJson found = overlaidData == null ? data.overlaid(old, true) : overlaidData;
            overlaidData = found;
            return found;
        }
    }
}
