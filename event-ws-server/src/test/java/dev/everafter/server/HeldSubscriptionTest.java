package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.everafter.core.Batch;
import dev.everafter.core.Cursor;
import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.Poll;
import dev.everafter.core.Position;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import dev.everafter.server.spi.EventCheck;
import dev.everafter.server.spi.EventCheck.Verdict;
import dev.everafter.server.spi.Principal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** A subscription that holds events whose check isn't answered, when what its principal may see changes. */
class HeldSubscriptionTest {
    private static final Principal ALICE = Principal.of("alice");
    private static final Position BEGIN = new Position("epoch", 5);

    private final HandMeans hand = new HandMeans();
    private final EventChecks checks =
            new EventChecks(EventChecking.by(new AnswersLater()), hand.means(), failure -> {});
    private final CompletableFuture<Verdict> answer = new CompletableFuture<>();
    private final List<StartFrom> opened = new ArrayList<>();
    private Filter visibility = Filter.all();
    private boolean holds = true;

    private final class AnswersLater implements EventCheck {
        @Override
        public Optional<String> object(Event event) {
            return Optional.of(event.topic());
        }

        @Override
        public CompletionStage<Verdict> check(Principal principal, String object) {
            return answer;
        }
    }

    private final class AliceSees implements Rights {
        @Override
        public boolean hold() {
            return holds;
        }

        @Override
        public Filter visibility() {
            return visibility;
        }

        @Override
        public Optional<Principal> principal() {
            return Optional.of(ALICE);
        }
    }

    /** Begins, gives one batch, and is at its end from then on. */
    private static final class OneBatch implements Cursor {
        private final Deque<Poll> polls = new ArrayDeque<>();
        private long position = BEGIN.id();

        private OneBatch(Batch batch) {
            polls.add(new Poll.Started(BEGIN, 30));
            polls.add(new Poll.Events(batch));
        }

        @Override
        public Poll poll(int maxEvents, long maxBytes) {
            Poll next = polls.isEmpty() ? Poll.Nothing.NOTHING : polls.remove();
            if (next instanceof Poll.Events events) {
                position = events.batch().to();
            }
            return next;
        }

        @Override
        public void onReady(Runnable signal) {
            signal.run();
        }

        @Override
        public long position() {
            return position;
        }

        @Override
        public String epoch() {
            return BEGIN.epoch();
        }

        @Override
        public State state() {
            return State.LIVE;
        }

        @Override
        public void close() {}
    }

    @Test
    void shouldGoOnAfterWhatWasSentWhenWhatItHoldsIsDecidedAnew() {
        Subscription held = held();
        visibility = Filter.topic("a");
        held.reselect();
        assertEquals(List.of(StartFrom.beginning(), StartFrom.after(BEGIN)), opened);
    }

    @Test
    void shouldLetGoOfNothingThatIsAllowedWhileTheRightsDoNotHold() {
        Subscription held = held();
        answer.complete(Verdict.ALLOWED);
        hand.run();
        holds = false;
        held.poll(message -> fail("sent by rights that were revoked: " + message.text()));
        holds = true;
        List<String> told = new ArrayList<>();
        held.poll(message -> told.add(message.text()));
        assertEquals(1, told.size(), told::toString);
    }

    /** It was given two events of which nothing is known. */
    private Subscription held() {
        Batch batch = new Batch(BEGIN.id(), 20, List.of(event(11), event(12)));
        Subscription held = new Subscription(
                new ClientMessage.Subscribe(
                        "s", Filter.all(), StartFrom.beginning(), false, 10, 10, 10_000, Optional.empty(), false),
                new Refs().take(new Refs.Shape(Selection.of(Filter.all()), 10, 10_000), number -> false),
                (selection, from) -> {
                    opened.add(from);
                    return new OneBatch(batch);
                },
                new AliceSees(),
                () -> {},
                ServerListener.NONE,
                Optional.empty(),
                news -> Optional.of(new Stage(Optional.of(checks), Optional.of(ALICE), Optional.empty(), news)));
        held.poll(subscribed -> {});
        held.poll(message -> fail("something undecided was sent"));
        return held;
    }

    private static Event event(long id) {
        return Event.builder(id, "a", "t").build();
    }
}
