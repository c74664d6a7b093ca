package dev.everafter.cli;

import dev.everafter.core.RawJson;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;

/**
 * One JSON value a line. When {@link #print} returns, the line has left this process.
 *
 * <p>Belongs to one thread at a time.
 */
final class LineOutput {
    private final PrintStream out;

    LineOutput(PrintStream out) {
        this.out = out;
    }

    /** @throws ClosedException if nobody reads any more */
    void print(RawJson value) throws ClosedException {
        byte[] json = value.toByteArray();
        byte[] line = Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        // One write for the whole line, so that a kill seldom cuts one in two.
        out.write(line, 0, line.length);
        if (out.checkError()) {
            throw new ClosedException();
        }
    }

    /** The output can't be written any more: whoever read it has gone. */
    static final class ClosedException extends IOException {
        private static final long serialVersionUID = 1L;

        ClosedException() {
            super("the output is closed");
        }
    }
}
