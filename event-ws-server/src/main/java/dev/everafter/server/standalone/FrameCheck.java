package dev.everafter.server.standalone;

import dev.everafter.server.RateLimit;
import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Lets only those of a client's frames pass that RFC 6455 allows: what breaks it ends the connection with the code that
 * the standard names, at the first byte that shows it, and before anything is kept. So Tyrus behind it sees valid frames
 * only, and of a message that is too large not even its header.
 *
 * <p>Pings and pongs end here, and nothing of them is passed on: Tyrus answers a ping by a send that blocks, and fails
 * when the session was closed meanwhile, by another thread.
 *
 * <p>Checked are reserved bits and opcodes, masks and lengths (section 5.2), fragments (5.4), control frames (5.5), close
 * bodies (7.4), UTF-8 (8.1), the size of a message over all of its frames, and how many frames there are in a second.
 *
 * <p>Not safe for use by several threads.
 */
final class FrameCheck {
    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int MAX_CONTROL_BYTES = 125;
    private static final int MASK_BYTES = 4;
    private static final int TOO_MANY = 4429;

    private final long most;
    private final RateLimit rate;
    private final Consumer<byte[]> pings;

    private final byte[] header = new byte[2 + 8 + MASK_BYTES];
    private int have;
    private boolean inBody;
    private long bodyLength;
    private long bodyRead;

    /** {@link #TEXT} or {@link #BINARY} while a message is unfinished, else 0. */
    private int message;

    private long messageBytes;
    private final Utf8Check text = new Utf8Check();
    private final byte[] controlBody = new byte[MAX_CONTROL_BYTES];
    private boolean closed;

    /** What is wrong with a frame, as the reason to close with. */
    static final class FlawException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient CloseReason reason;

        private FlawException(CloseReason.CloseCode code, String message) {
            super(message, null, false, false);
            this.reason = new CloseReason(code, message);
        }

        CloseReason reason() {
            return reason;
        }

        /** Whether nothing is wrong with the frame but that it is one too many. */
        boolean isRate() {
            return reason.getCloseCode().getCode() == TOO_MANY;
        }
    }

    /**
     * @param most the most bytes of one message
     * @param rate of frames, whatever they hold
     * @param pings is told what each ping holds
     */
    FrameCheck(long most, RateLimit rate, Consumer<byte[]> pings) {
        this.most = most;
        this.rate = rate;
        this.pings = pings;
    }

    /**
     * Follows {@code data}, and takes away from it what isn't to be passed on: pings, pongs, and what comes after a close,
     * which is to be ignored (5.5.1).
     *
     * @return how many bytes are left, at the beginning of {@code data}
     */
    int check(byte[] data) throws FlawException {
        ByteBuffer view = ByteBuffer.wrap(data);
        int left = 0;
        while (view.hasRemaining() && !closed) {
            int from = view.position();
            if (inBody) {
                body(view);
            } else {
                header(view.get());
            }
            // The frame that was just read, even if that was its end.
            if (opcode() != PING && opcode() != PONG) {
                int length = view.position() - from;
                System.arraycopy(data, from, data, left, length);
                left += length;
            }
        }
        return left;
    }

    private void header(byte next) throws FlawException {
        header[have++] = next;
        if (have == 2) {
            checkKind();
        }
        if (have >= 2 && have == 2 + lengthBytes()) {
            checkLength();
        }
        if (have >= 2 && have == 2 + lengthBytes() + MASK_BYTES) {
            begin();
        }
    }

    private void checkKind() throws FlawException {
        if (!rate.take()) {
            throw new FlawException(CloseCodes.getCloseCode(TOO_MANY), "too many frames a second");
        }
        int opcode = opcode();
        if ((header[0] & 0x70) != 0) {
            throw broken("reserved bits are set, though no extension was agreed on");
        }
        if (opcode > PONG || (opcode > BINARY && opcode < CLOSE)) {
            throw broken("opcode " + opcode + " is reserved");
        }
        if ((header[1] & 0x80) == 0) {
            throw broken("a client's frames must be masked");
        }
        if (isControl() && !isFinal()) {
            throw broken("a control frame must not be fragmented");
        }
        if (isControl() && (header[1] & 0x7f) > MAX_CONTROL_BYTES) {
            throw broken("a control frame has at most " + MAX_CONTROL_BYTES + " bytes");
        }
        if (opcode == CONTINUATION && message == 0) {
            throw broken("there is nothing to be continued");
        }
        if ((opcode == TEXT || opcode == BINARY) && message != 0) {
            throw broken("a message begins within another");
        }
    }

    private void checkLength() throws FlawException {
        int bytes = lengthBytes();
        long length = bytes == 0 ? header[1] & 0x7f : 0;
        for (int i = 0; i < bytes; i++) {
            length = (length << 8) | (header[2 + i] & 0xff);
        }
        if (length < 0) {
            throw broken("a length has at most 63 bits");
        }
        if ((bytes == 2 && length < 126) || (bytes == 8 && length < 1 << 16)) {
            throw broken("a length must be written in the shortest way");
        }
        // Not their sum, which could overflow.
        if (!isControl() && length > most - messageBytes) {
            throw new FlawException(CloseCodes.TOO_BIG, "a message may have " + most + " bytes");
        }
        bodyLength = length;
    }

    private void begin() throws FlawException {
        if (!isControl()) {
            messageBytes += bodyLength;
            message = opcode() == CONTINUATION ? message : opcode();
        }
        inBody = true;
        bodyRead = 0;
        if (bodyLength == 0) {
            end();
        }
    }

    private void body(ByteBuffer view) throws FlawException {
        int bytes = (int) Math.min(bodyLength - bodyRead, view.remaining());
        if (opcode() == CLOSE || opcode() == PING) {
            for (int i = 0; i < bytes; i++) {
                controlBody[(int) bodyRead] = unmasked(view.get());
                bodyRead++;
            }
        } else if (!isControl() && message == TEXT) {
            for (int i = 0; i < bytes; i++) {
                requireText(text.accept(unmasked(view.get())));
                bodyRead++;
            }
        } else {
            view.position(view.position() + bytes);
            bodyRead += bytes;
        }
        if (bodyRead == bodyLength) {
            end();
        }
    }

    private byte unmasked(byte masked) {
        return (byte) (masked ^ header[have - MASK_BYTES + (int) (bodyRead & 3)]);
    }

    private void end() throws FlawException {
        if (opcode() == CLOSE) {
            checkClose();
            closed = true;
        } else if (opcode() == PING) {
            pings.accept(Arrays.copyOf(controlBody, (int) bodyLength));
        } else if (!isControl() && isFinal()) {
            requireText(message != TEXT || text.isComplete());
            message = 0;
            messageBytes = 0;
        }
        inBody = false;
        have = 0;
    }

    private void checkClose() throws FlawException {
        int length = (int) bodyLength;
        if (length == 0) {
            return;
        }
        if (length == 1) {
            throw broken("half a close code");
        }
        int code = ((controlBody[0] & 0xff) << 8) | (controlBody[1] & 0xff);
        if (!isCloseCode(code)) {
            throw broken("close code " + code + " can't be sent");
        }
        Utf8Check reason = new Utf8Check();
        for (int i = 2; i < length; i++) {
            requireText(reason.accept(controlBody[i]));
        }
        requireText(reason.isComplete());
    }

    /** Those of section 7.4 that may stand in a frame; 1012 to 1014, registered later, are a server's to say. */
    private static boolean isCloseCode(int code) {
        return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) || (code >= 3000 && code <= 4999);
    }

    private int opcode() {
        return header[0] & 0x0f;
    }

    private boolean isFinal() {
        return (header[0] & 0x80) != 0;
    }

    private boolean isControl() {
        return opcode() >= CLOSE;
    }

    private int lengthBytes() {
        return switch (header[1] & 0x7f) {
            case 126 -> 2;
            case 127 -> 8;
            default -> 0;
        };
    }

    private static FlawException broken(String message) {
        return new FlawException(CloseCodes.PROTOCOL_ERROR, message);
    }

    private static void requireText(boolean valid) throws FlawException {
        if (!valid) {
            throw new FlawException(CloseCodes.NOT_CONSISTENT, "text must be " + StandardCharsets.UTF_8.name());
        }
    }
}
