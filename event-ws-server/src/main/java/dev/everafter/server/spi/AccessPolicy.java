package dev.everafter.server.spi;

import dev.everafter.core.Filter;
import java.util.concurrent.CompletionStage;

/**
 * Says what a principal may see. Whatever goes wrong fails closed: an exception, a stage that fails, one that gives null,
 * and one that takes longer than {@link dev.everafter.server.Authentication#patience()} all show nothing; the client is
 * asked to try again later.
 *
 * <p>Called by the threads that also authenticate, several at a time, so an implementation must be safe for any thread; one
 * that blocks keeps only others that are to be let in waiting.
 */
@FunctionalInterface
public interface AccessPolicy {
    /**
     * What {@code principal} may see: of each event both images are asked, the row's before the change and the one after
     * it. {@link Filter#none()} where that is nothing. Asked for each connection before it is welcomed, and again for each
     * token that follows on it and each time that its permissions have changed; an answer may be no older than the
     * question.
     */
    CompletionStage<Filter> visibility(Principal principal);

    /**
     * Another number means that what was answered before doesn't hold any more, for whomever. Looked at about once a
     * second; by default it never changes.
     */
    default long version() {
        return 0;
    }
}
