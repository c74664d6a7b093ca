package dev.everafter.server.standalone;

import static dev.everafter.testkit.Patience.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.server.Limits;
import dev.everafter.server.RawWebSocket;
import dev.everafter.server.Served;
import dev.everafter.testkit.Seed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Handshakes, frames and messages that are nearly right, in any number, against a live server: nothing but answers comes
 * of them. What is logged as a warning or worse, by us or by what is underneath, is a defect.
 */
class FuzzTest {
    private static final int ROUNDS = 1_200;
    private static final int MANY = Integer.getInteger("fuzz.rounds", 5_000);

    private static final String[] MESSAGES = {
        "{\"type\":\"ping\",\"nonce\":\"x\"}",
        "{\"type\":\"subscribe\",\"sub\":\"s\",\"from\":\"start\",\"window\":5}",
        "{\"type\":\"subscribe\",\"sub\":\"t\",\"where\":[[\"data.n\",\">\",0],[\"or\",[\"topic\",\"like\",\"a%\"],[\"not\",[\"any\",\"=\",\"x\"]]]]}",
        "{\"type\":\"subscribe\",\"sub\":\"u\",\"from\":{\"after\":0,\"epoch\":\"e\"},\"onGap\":\"continue\",\"batch\":1}",
        "{\"type\":\"subscribe\",\"sub\":\"v\",\"from\":{\"time\":\"2026-11-24T00:00:00Z\"},\"maxMessage\":1024}",
        "{\"type\":\"ack\",\"sub\":\"s\",\"at\":3}",
        "{\"type\":\"unsubscribe\",\"sub\":\"s\"}",
        "{\"type\":\"auth\",\"token\":\"t\"}",
    };

    private final Random random = Seed.random("FuzzTest");

    @Test
    void shouldOnlyAnswerWhenClientsSendAnything() throws Exception {
        attack(ROUNDS);
    }

    @Test
    @Tag("stress")
    void shouldOnlyAnswerAndKeepNothingWhenClientsSendAnythingForLong() throws Exception {
        attack(ROUNDS);
        long before = used();
        attack(MANY);
        long grown = used() - before;
        System.out.println(MANY + " attacks; the heap grew by " + grown / 1024 + " KiB");
        assertTrue(grown < 16 << 20, () -> "the heap grew by " + grown + " bytes");
    }

    private void attack(int rounds) throws Exception {
        try (LogFaults faults = new LogFaults();
                Served served = Served.with(options -> options.limits(Limits.DEFAULT.withConnectionsPerAddress(10_000))
                        .maxIncoming(4096));
                RawWebSocket bystander = RawWebSocket.welcomed(served.port())) {
            for (int i = 0; i < 20; i++) {
                served.append("a", "{'n':" + i + "}");
            }
            for (int i = 0; i < rounds; i++) {
                attackOnce(served.port());
                if (i % 50 == 0) {
                    assertTrue(bystander.isAnswered(), "the one who did nothing is undisturbed");
                }
            }
            await().until(() -> served.server.sessions() == 1);
            assertTrue(bystander.isAnswered());
            assertEquals(List.of(), faults.all());
        }
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    /** One connection, from beginning to a bitter end. */
    private void attackOnce(int port) throws IOException {
        try (RawWebSocket client = RawWebSocket.connect(port)) {
            if (random.nextInt(3) == 0) {
                client.write(mutated(handshake(port)));
            } else {
                client.write(handshake(port));
                int frames = random.nextInt(8);
                for (int i = 0; i < frames; i++) {
                    client.write(random.nextInt(3) == 0 ? frame() : mutated(frame()));
                }
            }
            if (random.nextBoolean()) {
                // Until the server is done with it, where it will be; otherwise it is cut anywhere.
                client.write(RawWebSocket.frame(0x88, new byte[0]));
                client.drainBriefly();
            }
        } catch (IOException e) {
            // Hung up on, which is an answer too.
        }
    }

    private byte[] handshake(int port) {
        return ("GET /ws?a=b%20c&d=&e HTTP/1.1\r\nHost: localhost:" + port
                        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: everafter.v1\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    private byte[] frame() {
        byte[] body = MESSAGES[random.nextInt(MESSAGES.length)].getBytes(StandardCharsets.UTF_8);
        byte[] sent = random.nextInt(3) == 0 ? mutated(body) : body;
        int[] heads = {0x81, 0x81, 0x81, 0x01, 0x80, 0x00, 0x82, 0x88, 0x89, 0x8a};
        int head = heads[random.nextInt(heads.length)];
        return RawWebSocket.frame(head, head >= 0x88 ? Arrays.copyOf(sent, Math.min(sent.length, 125)) : sent);
    }

    /** Changed, left out, doubled or put in: a few bytes at random places. */
    private byte[] mutated(byte[] bytes) {
        byte[] result = bytes;
        for (int changes = 1 + random.nextInt(3); changes > 0 && result.length > 0; changes--) {
            int at = random.nextInt(result.length);
            int to = at + random.nextInt(Math.min(result.length - at, 16) + 1);
            int kind = random.nextInt(4);
            if (kind == 0) {
                result = result.clone();
                result[at] = (byte) random.nextInt(256);
            } else {
                byte[] middle = new byte[kind == 1 ? 0 : kind == 2 ? 2 * (to - at) : to - at + random.nextInt(8)];
                random.nextBytes(middle);
                for (int i = 0; kind == 2 && i < middle.length; i++) {
                    middle[i] = result[at + i % (to - at)];
                }
                byte[] next = new byte[at + middle.length + result.length - to];
                System.arraycopy(result, 0, next, 0, at);
                System.arraycopy(middle, 0, next, at, middle.length);
                System.arraycopy(result, to, next, at + middle.length, result.length - to);
                result = next;
            }
        }
        return result;
    }
}
