package dev.everafter.server;

import dev.everafter.core.Filter;
import dev.everafter.core.StartFrom;
import dev.everafter.server.spi.BearerToken;
import jakarta.json.JsonValue;
import java.util.Optional;

/** What a client says, checked as far as it can be without knowing the connection's state. */
sealed interface ClientMessage {
    /** Calls the receiver's method for this message. */
    void tell(Receiver receiver);

    /** Who acts on a client's messages. */
    interface Receiver {
        void on(Subscribe message);

        void on(Unsubscribe message);

        void on(Ack message);

        void on(Auth message);

        void on(Ping message);

        void on(Invalid message);
    }

    /**
     * Starts a subscription.
     *
     * @param batch the most events in a message
     * @param window the most events beyond the last ack, or {@link Window#UNLIMITED}
     * @param maxMessage the most bytes in a message
     */
    record Subscribe(
            String sub,
            Filter where,
            StartFrom from,
            boolean stopOnGap,
            int batch,
            int window,
            int maxMessage,
            Optional<String> render,
            boolean late)
            implements ClientMessage {
        @Override
        public void tell(Receiver receiver) {
            receiver.on(this);
        }
    }

    /** Ends a subscription. */
    record Unsubscribe(String sub) implements ClientMessage {
        @Override
        public void tell(Receiver receiver) {
            receiver.on(this);
        }
    }

    /** Everything of {@code sub} up to {@code at} is handled. */
    record Ack(String sub, long at) implements ClientMessage {
        @Override
        public void tell(Receiver receiver) {
            receiver.on(this);
        }
    }

    /** Who the client is. */
    record Auth(BearerToken token) implements ClientMessage {
        @Override
        public void tell(Receiver receiver) {
            receiver.on(this);
        }
    }

    /** Asks for a pong. */
    record Ping(Optional<JsonValue> nonce) implements ClientMessage {
        @Override
        public void tell(Receiver receiver) {
            receiver.on(this);
        }
    }

    /** Not a message of this protocol. */
    record Invalid(ErrorCode code, String message, Optional<String> sub) implements ClientMessage {
        @Override
        public void tell(Receiver receiver) {
            receiver.on(this);
        }
    }
}
