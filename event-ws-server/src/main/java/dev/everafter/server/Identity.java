package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.server.spi.BearerToken;
import dev.everafter.server.spi.Decision;
import dev.everafter.server.spi.Principal;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who a connection is, and until when. It is somebody once a token was accepted, stays the same subject for as long as it
 * lasts, and ends at the moment at which the last accepted token expires, or earlier if one that follows is refused. A
 * token that can't be checked changes nothing.
 *
 * <p>Belongs to its session's turn, but for {@link #isDue}.
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

    /** Empty until it is known. */
    private volatile Optional<Access> access;

    private volatile @Nullable Question question;
    private volatile boolean alarmed;
    private Optional<BearerToken> shown;
    private boolean begun;
    private Runnable cancelAlarm = () -> {};
    private Optional<String> countedAs = Optional.empty();

    /** A token that was shown, and what is known of it; or somebody who needs none. */
    private static final class Question {
        private final boolean token;
        private final long askedAt;
        private volatile Optional<Admission> answer = Optional.empty();

        private Question(boolean token, long askedAt) {
            this.token = token;
            this.askedAt = askedAt;
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
        this.access = calls.isEmpty() ? Optional.of(Access.OPEN) : Optional.empty();
    }

    /** What it may see, once it is known. */
    @Override
    public Filter visibility() {
        return access.orElseThrow().visibility();
    }

    @Override
    public boolean hold() {
        return isKnown();
    }

    boolean isKnown() {
        return access.isPresent();
    }

    /** Whether the server asks who its clients are. */
    boolean isAsked() {
        return calls.isPresent();
    }

    /** Whether a token is being checked: what the client says after it waits. */
    boolean isAsking() {
        return question != null;
    }

    /** Whether time alone may have changed something. May be called by any thread. */
    boolean isDue() {
        return !isKnown() || question != null || isExpired();
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
        calls.orElseThrow().ask(token, answer(true));
    }

    private Consumer<Admission> answer(boolean token) {
        Question asked = new Question(token, now());
        question = asked;
        return admission -> {
            asked.answer = Optional.of(admission);
            signal.run();
        };
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
        if (calls.isPresent() && shown.isPresent()) {
            ask(shown.get());
        } else if (calls.isPresent()) {
            calls.get()
                    .rules()
                    .authenticator()
                    .withoutToken()
                    .ifPresent(somebody -> calls.get().ask(somebody, answer(false)));
        }
        shown = Optional.empty();
    }

    private Optional<Closing> answered() {
        Question asked = question;
        if (asked == null) {
            return Optional.empty();
        }
        AuthenticatorCalls authenticator = calls.orElseThrow();
        Optional<Admission> answer = asked.answer;
        if (answer.isEmpty()
                && now() - asked.askedAt >= authenticator.rules().patience().toNanos()) {
            answer = Optional.of(Admission.without(authenticator.late()));
        }
        if (answer.isEmpty()) {
            return Optional.empty();
        }
        question = null;
        return act(asked, answer.get());
    }

    private Optional<Closing> act(Question asked, Admission admission) {
        Decision decision = admission.decision();
        if (decision instanceof Decision.Accepted accepted) {
            return accept(asked, new Access(Optional.of(accepted.principal()), admission.visibility()));
        }
        if (decision instanceof Decision.Refused refused) {
            return Optional.of(refuse(CloseCode.UNAUTHORIZED, refused.reason()));
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
        if (before.isEmpty() && asked.token && isTooMany(principal)) {
            host.options().listener().onLimit(Limit.CONNECTIONS_PER_PRINCIPAL);
            return Optional.of(new Closing(CloseCode.TOO_MANY, "this subject has too many connections"));
        }
        become(granted);
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

    private void become(Access granted) {
        host.options().listener().onAuthenticated();
        access = Optional.of(granted);
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
        countedAs.ifPresent(host.principals()::leave);
        countedAs = Optional.empty();
        cancelAlarm.run();
    }
}
