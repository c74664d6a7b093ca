package dev.everafter.core;

/**
 * Makes of a batch what is sent of it. Encoders that are equal make the same of the same batch, whoever asks: whatever the
 * result depends on beside the batch is part of the encoder's equality. Otherwise one subscriber would get what is another's.
 *
 * <p>Safe for use by any thread, as are the results.
 *
 * @param <T> the result, immutable
 */
public interface BatchEncoder<T> {
    /** Encodes {@code batch}. */
    T encode(Batch batch);

    /** What keeping {@code encoded} costs, in bytes. */
    long bytes(T encoded);
}
