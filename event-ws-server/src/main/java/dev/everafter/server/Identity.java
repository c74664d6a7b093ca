package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.core.Revocation;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who a connection is, and until when. It is somebody once a token was accepted, stays the same subject for as long as it
 * lasts, and ends at the moment at which the last accepted token expires, or earlier if one that follows is refused. A
 * token that can't be checked changes nothing.
 *
 * <p>What it may see holds until that is revoked; then until it has been looked up anew, nothing is in force at all.
 *
 * <p>Belongs to its session's turn, but for {@link #isDue}, {@link #hold} and {@link #revoke}.
 */
final class Identity implements Rights {
    /** So that no sum overflows; it is looked at again then. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(1);

    private final SessionHost host;
    private final Optional<AuthenticatorCalls> calls;
    private final Subscriptions subscriptions;
    private final Consumer<Outgoing> answers;
    private final Runnable signal;
    private final long openedAt;

    /** Counts up from any thread when its rights may have changed. */
    private final AtomicLong revocations = new AtomicLong();

    /** Empty until it is known. */
    private volatile Optional<Access> access;

    /** How many revocations there had been when what it may see was asked for. */
    private volatile long heeded;

    private final Renewal renewal;
    /** The last that was accepted; empty for somebody who needs none. */
    private Optional<BearerToken> accepted = Optional.empty();

    private volatile @Nullable Question question;
    private volatile boolean alarmed;
    private Optional<BearerToken> shown;
    private boolean begun;
    private Runnable cancelAlarm = () -> {};
    private Optional<String> countedAs = Optional.empty();

    /** A token that was shown, and what is known of it; or somebody who needs none. */
    private static final class Question {
        private final Optional<BearerToken> token;
        private final boolean renews;
        private final long askedAt;
        /** How many there had been when it was asked: with one more, its answer counts for nothing. */
        private final long revocations;

        private volatile Optional<Admission> answer = Optional.empty();

        private Question(Optional<BearerToken> token, boolean renews, long askedAt, long revocations) {
            this.token = token;
            this.renews = renews;
            this.askedAt = askedAt;
            this.revocations = revocations;
        }
    }

    /**
     * @param shown the token of the handshake
     * @param answers takes messages for the client
     * @param signal asks for a turn
     */
    Identity(
            SessionHost host,
            Optional<BearerToken> shown,
            Subscriptions subscriptions,
            Consumer<Outgoing> answers,
            Runnable signal) {
        this.host = host;
        this.calls = host.authenticator();
        this.shown = shown;
        this.subscriptions = subscriptions;
        this.answers = answers;
        this.signal = signal;
        this.openedAt = now();
        this.renewal = new Renewal(host, signal);
        this.access = calls.isEmpty() ? Optional.of(Access.OPEN) : Optional.empty();
    }

    /** What it may see, once it is known. */
    @Override
    public Filter visibility() {
        return access.orElseThrow().visibility();
    }

    @Override
    public boolean hold() {
        return isKnown() && heeded == revocations.get();
    }

    /** What {@code revocation}'s subject may see has changed; called by any thread. */
    boolean revoke(Revocation revocation) {
        // Whoever isn't known yet may turn out to be that subject, by an answer from before.
        boolean concerned = calls.isPresent()
                && principal()
                        .map(known -> revocation.concerns(known.subject()))
                        .orElse(true);
        if (concerned) {
            revocations.incrementAndGet();
            signal.run();
        }
        return concerned;
    }

    boolean isKnown() {
        return access.isPresent();
    }

    /** Whether the server asks who its clients are. */
    boolean isAsked() {
        return calls.isPresent();
    }

    /** Whether it is being looked up who this is, or what they may see: what the client says after it waits. */
    boolean isAsking() {
        return question != null || (isKnown() && !hold());
    }

    /** Whether time alone may have changed something. May be called by any thread. */
    boolean isDue() {
        return !hold() || question != null || isExpired();
    }

    /**
     * The first message of a client that isn't known.
     *
     * @return why the connection must end, if it must
     */
    Optional<Closing> introduced(ClientMessage first) {
        if (first instanceof ClientMessage.Auth auth) {
            ask(auth.token());
            return Optional.empty();
        }
        return Optional.of(new Closing(CloseCode.UNAUTHORIZED, "a token is needed: send it first, in \"auth\""));
    }

    /** The client shows a token. None may be shown while one is being checked. */
    void ask(BearerToken token) {
        ask(Optional.of(token), false, now());
    }

    private void ask(Optional<BearerToken> token, boolean renews, long since) {
        // Before the question: what is revoked from here on may not be in the answer.
        Question asked = new Question(token, renews, since, revocations.get());
        question = asked;
        Consumer<Admission> answer = admission -> {
            asked.answer = Optional.of(admission);
            signal.run();
        };
        if (token.isPresent()) {
            calls.orElseThrow().ask(token.get(), answer);
        } else {
            calls.orElseThrow().askWithoutToken(answer);
        }
    }

    /**
     * Acts on what was answered, and on what has run out, since the last turn.
     *
     * @return why the connection must end, if it must
     */
    Optional<Closing> check() {
        if (!begun) {
            begin();
        }
        if (isKnown() && !hold() && question == null) {
            Optional<Closing> tooLong = renew();
            if (tooLong.isPresent()) {
                return tooLong;
            }
        }
        Optional<Closing> end = answered();
        if (end.isPresent()) {
            return end;
        }
        if (isExpired()) {
            host.options().listener().onTokenExpired();
            return Optional.of(expired());
        }
        if (alarmed) {
            // Early: the clock of the alarm isn't the one that tokens go by.
            setAlarm();
        }
        return isLate() ? Optional.of(new Closing(CloseCode.LATE, "no token came in time")) : Optional.empty();
    }

    private void begin() {
        begun = true;
        boolean somebody = shown.isPresent()
                || calls.flatMap(asked -> asked.rules().authenticator().withoutToken())
                        .isPresent();
        if (calls.isPresent() && somebody) {
            ask(shown, false, now());
        }
        shown = Optional.empty();
    }

    private Optional<Closing> answered() {
        Question asked = question;
        if (asked == null) {
            return Optional.empty();
        }
        AuthenticatorCalls authenticator = calls.orElseThrow();
        // Accepted before a revocation, it may be what was true before.
        Optional<Admission> answer = asked.answer;
        boolean stale = answer.isPresent()
                && answer.get().decision() instanceof Decision.Accepted
                && asked.revocations != revocations.get();
        boolean open = answer.isEmpty() || stale;
        boolean late = now() - asked.askedAt >= authenticator.rules().patience().toNanos();
        if (open && late) {
            question = null;
            return act(asked, Admission.without(authenticator.late()));
        }
        if (stale) {
            ask(asked.token, asked.renews, asked.askedAt);
        }
        if (open) {
            return Optional.empty();
        }
        question = null;
        return act(asked, answer.orElseThrow());
    }

    /** Asks anew by what was shown last; nothing is sent until that is answered. */
    private Optional<Closing> renew() {
        if (renewal.isTooLong()) {
            return Optional.of(new Closing(
                    CloseCode.OVERLOADED, "what you may see has changed, and can't be looked up now: try again later"));
        }
        if (renewal.isDue()) {
            ask(accepted, true, now());
        }
        return Optional.empty();
    }

    private Optional<Closing> act(Question asked, Admission admission) {
        Decision decision = admission.decision();
        if (decision instanceof Decision.Accepted accepted) {
            return accept(asked, new Access(Optional.of(accepted.principal()), admission.visibility()));
        }
        if (decision instanceof Decision.Refused refused) {
            return Optional.of(refuse(CloseCode.UNAUTHORIZED, refused.reason()));
        }
        if (asked.renews) {
            renewal.failed();
            return Optional.empty();
        }
        String reason = ((Decision.Unavailable) decision).reason();
        if (!isKnown()) {
            return Optional.of(new Closing(CloseCode.OVERLOADED, reason));
        }
        host.options().listener().onError(ErrorCode.AUTH_UNAVAILABLE);
        answers.accept(ServerMessages.error(ErrorCode.AUTH_UNAVAILABLE, reason, Optional.empty()));
        return Optional.empty();
    }

    private Optional<Closing> accept(Question asked, Access granted) {
        Principal principal = granted.principal().orElseThrow();
        if (!principal.holdsAt(wallClock())) {
            host.options().listener().onTokenRefused();
            return Optional.of(expired());
        }
        Optional<Principal> before = principal();
        if (before.isPresent() && !before.get().subject().equals(principal.subject())) {
            return Optional.of(
                    refuse(CloseCode.FORBIDDEN, "the new token is another subject's: open a connection for it"));
        }
        if (before.isEmpty() && asked.token.isPresent() && isTooMany(principal)) {
            host.options().listener().onLimit(Limit.CONNECTIONS_PER_PRINCIPAL);
            return Optional.of(new Closing(CloseCode.TOO_MANY, "this subject has too many connections"));
        }
        become(asked, granted);
        if (before.isPresent()) {
            answers.accept(ServerMessages.authorized(subscriptions.told()));
        }
        return Optional.empty();
    }

    private boolean isTooMany(Principal principal) {
        countedAs = Optional.of(principal.subject());
        return host.principals().enter(principal.subject())
                > host.options().limits().connectionsPerPrincipal();
    }

    private void become(Question asked, Access granted) {
        if (!asked.renews) {
            host.options().listener().onAuthenticated();
        }
        accepted = asked.token;
        access = Optional.of(granted);
        heeded = asked.revocations;
        renewal.done();
        subscriptions.reselect(answers);
        setAlarm();
    }

    /** Asks for a turn at the moment of expiry. */
    private void setAlarm() {
        cancelAlarm.run();
        alarmed = false;
        principal().flatMap(Principal::expiresAt).ifPresent(end -> {
            Duration left = Duration.between(wallClock(), end);
            cancelAlarm = host.after(left.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : left, () -> {
                alarmed = true;
                signal.run();
            });
        });
    }

    private Closing refuse(CloseCode code, String reason) {
        host.options().listener().onTokenRefused();
        return new Closing(code, reason);
    }

    private static Closing expired() {
        return new Closing(CloseCode.UNAUTHORIZED, "the token has expired");
    }

    private boolean isExpired() {
        return principal().filter(known -> !known.holdsAt(wallClock())).isPresent();
    }

    @Override
    public Optional<Principal> principal() {
        return access.flatMap(Access::principal);
    }

    private boolean isLate() {
        return !isKnown()
                && !isAsking()
                && now() - openedAt >= calls.orElseThrow().rules().deadline().toNanos();
    }

    private Instant wallClock() {
        return host.options().clock().instant();
    }

    private long now() {
        return host.options().ticker().getAsLong();
    }

    /** Forgets what it waits for, and who it was. */
    void close() {
        question = null;
        renewal.done();
        countedAs.ifPresent(host.principals()::leave);
        countedAs = Optional.empty();
        cancelAlarm.run();
    }
}
