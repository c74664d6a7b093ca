package dev.everafter.server;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The same in a container that has no {@link FrameWriter}. */
class PortableSharedMessagesTest extends SharedMessagesTest {
    @BeforeAll
    static void withoutPreparedFrames() {
        Served.preparedFrames(false);
    }

    @AfterAll
    static void withPreparedFrames() {
        Served.preparedFrames(true);
    }
}
