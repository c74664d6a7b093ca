package dev.everafter.server;

import dev.everafter.core.Cursor;
import dev.everafter.core.Selection;
import dev.everafter.core.StartFrom;
import dev.everafter.server.ServerMessages.Unsubscribed;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Acts on what a client says. Whatever is asked is done or answered with an {@code error}; nothing is ignored.
 *
 * <p>Belongs to its session's turn.
 */
final class Requests implements ClientMessage.Receiver {
    private final SessionHost host;
    private final EndpointOptions options;
    private final Subscriptions subscriptions;
    private final Consumer<Outgoing> answers;
    private final Runnable signal;
    private final Identity identity;

    /** @param signal what a subscription's cursor calls when it has news */
    Requests(
            SessionHost host,
            Subscriptions subscriptions,
            Consumer<Outgoing> answers,
            Runnable signal,
            Identity identity) {
        this.host = host;
        this.options = host.options();
        this.subscriptions = subscriptions;
        this.answers = answers;
        this.signal = signal;
        this.identity = identity;
    }

    @Override
    public void on(ClientMessage.Subscribe message) {
        if (message.render().isPresent() && host.renderings().isNone()) {
            refuse(
                    ErrorCode.RENDER_UNKNOWN,
                    "no rendering \"" + message.render().get() + "\": this server offers none, leave \"render\" out",
                    message.sub());
        } else if (message.late()) {
            refuse(ErrorCode.LATE_UNAVAILABLE, "this server sends no late rows: leave \"late\" out", message.sub());
        } else if (subscriptions.find(message.sub()).isPresent()) {
            refuse(
                    ErrorCode.SUB_IN_USE,
                    "\"" + message.sub() + "\" is in use: it is free again after its \"unsubscribed\"",
                    message.sub());
        } else if (subscriptions.size() >= options.subscriptions()) {
            refuse(
                    ErrorCode.TOO_MANY_SUBSCRIPTIONS,
                    "a connection has at most " + options.subscriptions() + " subscriptions: open another",
                    message.sub());
        } else if (host.renderings().isNone()) {
            subscribe(message, Optional.empty());
        } else {
            render(message);
        }
    }

    private void render(ClientMessage.Subscribe message) {
        Optional<Rendering> rendering = host.renderings().find(message.render(), identity.principal());
        if (rendering.isEmpty()) {
            refuse(ErrorCode.RENDER_UNKNOWN, Renderings.unknown(message.render()), message.sub());
            return;
        }
        Optional<String> hidden =
                HiddenColumns.find(message.where(), rendering.get().renderer());
        if (hidden.isPresent()) {
            refuse(
                    ErrorCode.FILTER_HIDDEN,
                    "\"where\" asks for " + hidden.get()
                            + ", which isn't shown in every topic that it may be about: ask"
                            + " for what is shown, or AND a condition on topic (= or in) that leaves only topics where"
                            + " it is",
                    message.sub());
        } else {
            subscribe(message, rendering);
        }
    }

    private void subscribe(ClientMessage.Subscribe message, Optional<Rendering> rendering) {
        Refs.Shape shape = new Refs.Shape(
                new Selection(message.where(), identity.visibility()), message.batch(), message.maxMessage());
        Refs.Ref ref = host.refs().take(shape, subscriptions::hasRef);
        Subscription opened;
        try {
            opened = new Subscription(
                    message,
                    ref,
                    this::open,
                    identity,
                    signal,
                    options.listener(),
                    rendering,
                    news -> stage(rendering, news));
        } catch (Subscription.HubClosedException e) {
            ref.release();
            throw e;
        }
        options.listener().onSubscriptionOpened();
        subscriptions.add(opened);
    }

    private Optional<Stage> stage(Optional<Rendering> rendering, Runnable news) {
        return host.checks().isEmpty() && rendering.map(Rendering::neverWaits).orElse(true)
                ? Optional.empty()
                : Optional.of(new Stage(host.checks(), identity.principal(), rendering, news));
    }

    private Cursor open(Selection selection, StartFrom from) {
        try {
            return host.hub().open(selection, from);
        } catch (IllegalStateException e) {
            throw new Subscription.HubClosedException();
        }
    }

    @Override
    public void on(ClientMessage.Unsubscribe message) {
        Optional<Subscription> found = subscriptions.find(message.sub());
        if (found.isEmpty()) {
            unknown(message.sub());
        } else {
            subscriptions.remove(found.get());
            answers.accept(found.get().close(Unsubscribed.REQUESTED));
        }
    }

    @Override
    public void on(ClientMessage.Ack message) {
        Optional<Subscription> found = subscriptions.find(message.sub());
        if (found.isEmpty()) {
            unknown(message.sub());
        } else if (!found.get().acked(message.at())) {
            refuse(ErrorCode.ACK_AHEAD, "\"at\" " + message.at() + " is beyond all that was sent", message.sub());
        }
    }

    private void unknown(String sub) {
        refuse(ErrorCode.UNKNOWN_SUB, "no subscription \"" + sub + "\" on this connection", sub);
    }

    @Override
    public void on(ClientMessage.Auth message) {
        if (identity.isAsked()) {
            identity.ask(message.token());
        } else {
            error(
                    ErrorCode.AUTH_NOT_CONFIGURED,
                    "this server asks nobody who they are: leave \"auth\" out",
                    Optional.empty());
        }
    }

    @Override
    public void on(ClientMessage.Ping message) {
        answers.accept(ServerMessages.pong(message.nonce()));
    }

    @Override
    public void on(ClientMessage.Invalid message) {
        error(message.code(), message.message(), message.sub());
    }

    private void refuse(ErrorCode code, String text, String sub) {
        error(code, text, Optional.of(sub));
    }

    private void error(ErrorCode code, String text, Optional<String> sub) {
        options.listener().onError(code);
        answers.accept(ServerMessages.error(code, text, sub));
    }
}
