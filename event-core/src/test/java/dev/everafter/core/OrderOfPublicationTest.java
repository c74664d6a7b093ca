package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A model of dispatcher and cursor, explored in every order that their steps can have: joining a lane that is filled from
 * the tail, live, falling behind what the tail lets go, reading the log, sleeping and being woken. As it is, no event is
 * lost and nobody sleeps on one; with any one line left out, something is.
 *
 * <p>Its steps are those of {@link Dispatcher} and {@link HubCursor}, one for each access to what they share; that the real
 * classes take them is for {@link PublicationModelTest} and {@link PublicationStress}.
 */
class OrderOfPublicationTest {
    /** Events are 1..EVENTS, and all match; the tail holds the last TAIL of them. */
    private static final int EVENTS = 4;

    private static final int TAIL = 2;

    private static final String LOST = "an event is lost";
    private static final String SLEEPS = "it sleeps on events for ever";

    private enum Line {
        LANES_BEFORE_HEAD,
        HEAD_BEFORE_WAKING,
        HEAD_READ_BEFORE_LANE,
        SECOND_LOOK,
        COVERAGE_ON_EVERY_POLL,
        ATTACHING_BETWEEN_UPDATES,
        SIGNAL_WHEN_ATTACHED,
        FILLING_ONLY_WHAT_THE_TAIL_STILL_HAS,
        LANE_LETS_GO_WITH_THE_TAIL_AND_SAYS_SO
    }

    /** What the dispatcher does for one event, in this order unless a line is left out; what comes then is the next event. */
    private enum Update {
        TAIL,
        LANE,
        HEAD,
        WAKE
    }

    private enum Step {
        LOOK_FIRST,
        LOOK_SECOND,
        DECIDE,
        READ_LOG,
        SAY_THAT_IT_WAITS,
        LOOK_AGAIN,
        SLEEP
    }

    /** All there is at one moment; sets of events are bits. */
    private static final class State {
        // shared
        int tail;
        boolean attached;
        int covered;
        int lane;
        int head;
        boolean waiting;
        boolean woken;
        // the dispatcher's own
        int event = 1;
        int update;
        // the cursor's own
        Step step = Step.LOOK_FIRST;
        int position;
        boolean live;
        int seenHead;
        boolean seenAttached;
        int seenCovered;
        int seenLane;

        State copy() {
            State copy = new State();
            copy.tail = tail;
            copy.attached = attached;
            copy.covered = covered;
            copy.lane = lane;
            copy.head = head;
            copy.waiting = waiting;
            copy.woken = woken;
            copy.event = event;
            copy.update = update;
            copy.step = step;
            copy.position = position;
            copy.live = live;
            copy.seenHead = seenHead;
            copy.seenAttached = seenAttached;
            copy.seenCovered = seenCovered;
            copy.seenLane = seenLane;
            return copy;
        }

        List<Object> key() {
            return List.of(
                    List.of(tail, attached, covered, lane, head, waiting, woken, event, update, step),
                    List.of(position, live, seenHead, seenAttached, seenCovered, seenLane));
        }

        int tailCovers() {
            return tail == 0 ? head : Integer.numberOfTrailingZeros(tail) - 1;
        }
    }

    /** Explores everything, without {@code left}. */
    private static final class Exploration {
        final Set<Line> left;
        final Set<List<Object>> seen = new HashSet<>();
        final Set<String> errors = new TreeSet<>();
        private final Deque<State> open = new ArrayDeque<>();

        Exploration(Set<Line> left) {
            this.left = left;
            open.add(new State());
            while (!open.isEmpty()) {
                State state = open.pop();
                if (seen.add(state.key())) {
                    explore(state);
                }
            }
        }

        private void explore(State state) {
            int before = open.size();
            if (!state.attached && (state.update == 0 || left.contains(Line.ATTACHING_BETWEEN_UPDATES))) {
                attach(state.copy());
            }
            if (state.event <= EVENTS) {
                dispatch(state.copy());
            }
            poll(state.copy());
            if (open.size() == before && state.position < EVENTS) {
                errors.add(SLEEPS);
            }
        }

        private void attach(State next) {
            next.attached = true;
            next.covered = next.head;
            boolean reaches =
                    next.position >= next.tailCovers() || left.contains(Line.FILLING_ONLY_WHAT_THE_TAIL_STILL_HAS);
            if (reaches && next.position < next.head) {
                next.covered = next.position;
                next.lane = between(next.tail, next.position, next.head);
            }
            next.woken |= !left.contains(Line.SIGNAL_WHEN_ATTACHED);
            open.push(next);
        }

        private List<Update> order() {
            if (left.contains(Line.LANES_BEFORE_HEAD)) {
                return List.of(Update.TAIL, Update.HEAD, Update.LANE, Update.WAKE);
            }
            return left.contains(Line.HEAD_BEFORE_WAKING)
                    ? List.of(Update.TAIL, Update.LANE, Update.WAKE, Update.HEAD)
                    : List.of(Update.values());
        }

        private void dispatch(State next) {
            switch (order().get(next.update)) {
                case TAIL -> next.tail = between(next.tail | bit(next.event), next.event - TAIL, next.event);
                case LANE -> {
                    if (next.attached) {
                        append(next);
                    }
                }
                case HEAD -> next.head = next.event;
                case WAKE -> {
                    next.woken |= next.waiting;
                    next.waiting = false;
                }
            }
            next.update = (next.update + 1) % order().size();
            next.event += next.update == 0 ? 1 : 0;
            open.push(next);
        }

        private void append(State next) {
            int letGo = next.event - TAIL;
            next.lane = between(next.lane | bit(next.event), letGo, next.event);
            if (!left.contains(Line.LANE_LETS_GO_WITH_THE_TAIL_AND_SAYS_SO)) {
                next.covered = Math.max(next.covered, letGo);
            }
        }

        private void poll(State next) {
            switch (next.step) {
                case LOOK_FIRST -> {
                    look(next, !left.contains(Line.HEAD_READ_BEFORE_LANE));
                    next.step = Step.LOOK_SECOND;
                }
                case LOOK_SECOND -> {
                    look(next, left.contains(Line.HEAD_READ_BEFORE_LANE));
                    next.step = Step.DECIDE;
                }
                case DECIDE -> decide(next);
                case READ_LOG -> {
                    // One event is a page; the log has all of them up to the proven head.
                    next.position++;
                    next.step = Step.LOOK_FIRST;
                }
                case SAY_THAT_IT_WAITS -> {
                    next.waiting = true;
                    next.step = left.contains(Line.SECOND_LOOK) ? Step.SLEEP : Step.LOOK_AGAIN;
                }
                case LOOK_AGAIN -> {
                    boolean more = next.head > next.position;
                    next.waiting = !more;
                    next.step = more ? Step.LOOK_FIRST : Step.SLEEP;
                }
                case SLEEP -> {
                    if (!next.woken) {
                        return;
                    }
                    next.woken = false;
                    next.waiting = false;
                    next.step = Step.LOOK_FIRST;
                }
            }
            open.push(next);
        }

        private static void look(State next, boolean atHead) {
            if (atHead) {
                next.seenHead = next.head;
            } else {
                next.seenAttached = next.attached;
                next.seenCovered = next.covered;
                next.seenLane = next.lane;
            }
        }

        private void decide(State next) {
            boolean covers = next.position >= next.seenCovered;
            if (next.live && left.contains(Line.COVERAGE_ON_EVERY_POLL)) {
                covers = true;
            }
            if (!next.seenAttached) {
                // It is signalled when it is attached.
                next.step = Step.SLEEP;
            } else if (covers) {
                next.live = true;
                int taken = between(next.seenLane, next.position, next.seenHead);
                if (taken != between(-1, next.position, next.seenHead)) {
                    errors.add(LOST);
                }
                next.step = next.seenHead > next.position ? Step.LOOK_FIRST : Step.SAY_THAT_IT_WAITS;
                next.position = Math.max(next.position, next.seenHead);
            } else {
                next.live = false;
                next.step = next.position < next.seenHead ? Step.READ_LOG : Step.SAY_THAT_IT_WAITS;
            }
        }

        private static int bit(int event) {
            return 1 << event;
        }

        /** Those of {@code events} in ({@code after}, {@code upTo}]. */
        private static int between(int events, int after, int upTo) {
            return upTo <= after ? 0 : events & ((1 << (upTo + 1)) - 1) & -(1 << (Math.max(0, after) + 1));
        }
    }

    @Test
    void shouldLoseNothingInAnyOrder() {
        Exploration all = new Exploration(Set.of());
        System.out.println("order of publication: " + all.seen.size() + " states explored");

        assertEquals(Set.of(), all.errors);
    }

    @ParameterizedTest
    @EnumSource(Line.class)
    void shouldGoWrongWhereALineIsLeftOut(Line line) {
        assertNotEquals(Set.of(), new Exploration(Set.of(line)).errors);
    }
}
