package dev.everafter.client;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** When a lost connection is noticed, and when the next is made. */
class ReconnectTest extends ClientFixture {
    private final FakeTimer timer = new FakeTimer();

    private EventClient timed() {
        return client(
                builder().timer(timer).random(new Random(42)).backoff(Duration.ofMillis(100), Duration.ofSeconds(30)));
    }

    private Duration awaitDelay(int number) {
        await().until(() -> listener.delays.size() == number);
        return listener.delays.get(number - 1);
    }

    /** Tyrus shuts its timers down with a session's end; one that begins meanwhile, and needs them, dies unheard. */
    @Test
    void shouldNeedNoneOfTheContainersTimers() throws Exception {
        Set<Thread> before = containerThreads();
        client().subscribe(spec(), handler);
        acceptSubscription().connection().close(1012, "restart");
        acceptSubscription();
        Set<Thread> since = containerThreads();
        since.removeAll(before);
        assertEquals(Set.of(), since);
    }

    private static Set<Thread> containerThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("tyrus-"))
                .collect(Collectors.toCollection(HashSet::new));
    }

    @Test
    void shouldWaitByTheInjectedRandomWithADoublingLimit() throws Exception {
        timed().subscribe(spec(), handler);
        Backoff expected = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(30), new Random(42));
        List<Duration> delays = new ArrayList<>();
        for (int i = 1; i <= 6; i++) {
            server.accept().cut();
            delays.add(expected.next());
            Duration delay = awaitDelay(i);
            timer.advance(delay.minusNanos(1));
            assertFalse(server.hasConnection());
            timer.advance(Duration.ofNanos(1));
        }
        assertEquals(delays, listener.delays);
        acceptSubscription();
    }

    @Test
    void shouldBeginAgainWithShortWaitsOnlyAfterAStableConnection() throws Exception {
        timed().subscribe(spec(), handler);
        server.accept().cut();
        timer.advance(awaitDelay(1));
        acceptSubscription().connection().cut();
        timer.advance(awaitDelay(2));
        var stable = acceptSubscription().connection();
        for (int i = 0; i < 4; i++) {
            timer.advance(Duration.ofSeconds(9));
            long now = timer.nanoTime();
            stable.send("{'type':'position','to':" + now + ",'refs':[1]}");
            await().until(() -> listener.told.contains("saved orders e1:" + now));
        }
        stable.cut();
        timer.advance(awaitDelay(3));
        server.accept().cut();
        awaitDelay(4);
        assertTrue(listener.told.containsAll(List.of("reconnecting 1", "reconnecting 2")), listener.told.toString());
        assertEquals(2, listener.count("reconnecting 1"));
        assertEquals(2, listener.count("reconnecting 2"));
    }

    @Test
    void shouldComeBackInTheSlotThatTheServerNamed() throws Exception {
        timed().subscribe(spec(), handler);
        var first = acceptSubscription().connection();
        first.send("{'type':'goodbye','reason':'drain','reconnectAfterMs':7300}");
        first.close(1001, "drain");
        assertEquals(Duration.ofMillis(7300), awaitDelay(1));
        timer.advance(Duration.ofMillis(7299));
        assertFalse(server.hasConnection());
        timer.advance(Duration.ofMillis(1));
        acceptSubscription();
    }

    @Test
    void shouldKeepAConnectionWhosePingsAreAnsweredAndGiveItUpWhenTwoAreNot() throws Exception {
        var connection = welcomedBySecondsWithoutPongs();
        for (long second = 1; second <= 5; second++) {
            timer.advance(Duration.ofSeconds(1));
            connection.expect("ping");
            connection.send("{'type':'pong'}");
            move(connection, 10 + second);
        }
        timer.advance(Duration.ofMillis(2999));
        assertEquals(0, listener.count("silence"));
        timer.advance(Duration.ofMillis(1));
        assertEquals(1, listener.count("silence PT3S"));
        assertEquals(1, listener.count("disconnected no ping was answered for PT3S; the last message came PT3S ago"));
        timer.advance(awaitDelay(1));
        assertEquals(15, acceptSubscription().after());
    }

    @Test
    void shouldGiveUpAConnectionOfWhichOnlyTheWayToTheServerVanished() throws Exception {
        var connection = welcomedBySecondsWithoutPongs();
        for (long tenth = 1; tenth < 20; tenth++) {
            timer.advance(Duration.ofMillis(100));
            move(connection, 10 + tenth);
        }
        assertEquals(0, listener.count("silence"));
        timer.advance(Duration.ofMillis(100));
        assertEquals(1, listener.count("silence PT2S"));
        assertEquals(1, listener.count("disconnected no ping was answered for PT2S; the last message came PT0.1S ago"));
        timer.advance(awaitDelay(1));
        assertEquals(29, acceptSubscription().after());
    }

    private FakeServer.Connection welcomedBySecondsWithoutPongs() throws Exception {
        timed().subscribe(spec(), handler);
        var connection = server.accept();
        connection.answerNoPings();
        connection.welcome(1000);
        connection.subscribed(connection.expect("subscribe"), 1, "e1", 10);
        await().until(() -> listener.told.contains("saved orders e1:10"));
        return connection;
    }

    private void move(FakeServer.Connection connection, long to) throws Exception {
        connection.send("{'type':'position','to':" + to + ",'refs':[1]}");
        await().pollInterval(Duration.ofMillis(5)).until(() -> listener.told.contains("saved orders e1:" + to));
    }

    @Test
    void shouldGiveUpAConnectionThatIsNotWelcomed() throws Exception {
        timed().subscribe(spec(), handler);
        server.accept();
        timer.advance(Duration.ofSeconds(10));
        timer.advance(awaitDelay(1));
        acceptSubscription().connection().events(1, 10, 11, 11);
        awaitCalls(11L);
    }

    @Test
    void shouldTryAgainWhenAConnectionEndedBeforeTheHandshakesAnswer() throws Exception {
        server.hangUp(true);
        timed().subscribe(spec(), handler);
        await().until(server::hasHungUp);
        // Tyrus says nothing of such an end; should it ever, this wait is not needed.
        timer.advance(Duration.ofSeconds(10));
        server.hangUp(false);
        timer.advance(awaitDelay(1));
        acceptSubscription();
    }

    @Test
    void shouldHearAWelcomeThatComesInTheSamePacketAsTheHandshake() throws Exception {
        server.welcomeAtOnce();
        client().subscribe(spec(), handler);
        server.accept().expect("subscribe");
    }

    @Test
    void shouldComeBackHoweverOftenItIsCut() throws Exception {
        client().subscribe(spec(), handler);
        for (long id = 11; id < 111; id++) {
            var accepted = acceptSubscription();
            accepted.connection().events(1, accepted.after(), id, id);
            long handled = id;
            await().pollInterval(Duration.ofMillis(1)).until(() -> handler.calls.contains(handled));
            accepted.connection().cut();
        }
        assertEquals(LongStream.range(11, 111).boxed().toList(), handler.calls);
    }

    @Test
    void shouldGoOnTryingWhileNobodyListens() throws Exception {
        FakeServer gone = FakeServer.start();
        gone.close();
        client(builder().uri(gone.uri())).subscribe(spec(), handler);
        await().until(() -> listener.count("disconnected no connection") >= 3);
    }

    @Test
    void shouldLeaveNoThreadBehindWhenAPeerThatSaysNothingIsGivenUp() throws Exception {
        var silent = welcomedBySecondsWithoutPongs();
        silent.ignoreCloses();
        timer.advance(Duration.ofSeconds(2));
        assertEquals(1001, silent.closeCode());
        assertEquals(1006, silent.closeCode());
    }
}
