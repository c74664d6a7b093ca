package dev.everafter.server;

import dev.everafter.server.spi.BearerToken;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What each token may see, by the API server, which is asked as that token. An answer is sure or there is none yet: what is
 * neither yes nor no is asked again for as long as anybody waits. Each object is asked for by one request at a time for each
 * token, however many events and connections wait for it. No token is logged.
 *
 * <p>Safe for use by any thread.
 */
final class ArvadosChecks {
    private static final Logger LOG = LoggerFactory.getLogger(ArvadosChecks.class);
    private static final String WHOSE = "users/current";
    private static final String QUERY = "?include_trash=true&select=%5B%22uuid%22%5D";

    private final URI base;
    private final ArvadosOptions rules;
    private final ArvadosCounters counters;
    private final HttpClient client;
    private final Answers<Question, Boolean> answers;
    private final AtomicBoolean failing = new AtomicBoolean();

    /** @param path of an object, or of who a token's user is */
    record Question(BearerToken token, String path) {}

    /** @param executor handles responses */
    ArvadosChecks(ArvadosOptions rules, Answers.Means means, Executor executor, ArvadosCounters counters) {
        this.base = URI.create(rules.api().toString().replaceAll("/+$", "") + "/arvados/v1/");
        this.rules = rules;
        this.counters = counters;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(rules.checkPatience())
                .executor(executor)
                .build();
        this.answers = new Answers<>(
                this::ask,
                new Answers.Rules<>(
                        rules.checksAtOnce(),
                        1,
                        rules.checkPatience(),
                        allowed -> allowed ? rules.allowFor() : rules.denyFor(),
                        (key, allowed) -> 1,
                        rules.remembered()),
                means,
                this::failed);
    }

    /** Whether {@code token} is valid; {@code waiter} is run when that is known, unless it is already. */
    Answers<Question, Boolean>.Question isValid(BearerToken token, Runnable waiter) {
        return answers.ask(new Question(token, WHOSE), waiter);
    }

    /** Whether {@code token} may read the object at {@code path}; {@code waiter} as above. */
    Answers<Question, Boolean>.Question mayRead(BearerToken token, String path, Runnable waiter) {
        return answers.ask(new Question(token, path), waiter);
    }

    /** How many questions wait for an answer. */
    int waiting() {
        return answers.waiting();
    }

    private CompletionStage<List<Boolean>> ask(List<Question> one) {
        Question question = one.get(0);
        counters.asked.increment();
        HttpRequest request = HttpRequest.newBuilder(base.resolve(question.path() + QUERY))
                .header("Authorization", "Bearer " + question.token().value())
                .header("Accept", "application/json")
                .timeout(rules.checkPatience())
                .build();
        return client.sendAsync(request, BodyHandlers.discarding())
                .thenApply(response -> List.of(verdict(question, response.statusCode())));
    }

    private boolean verdict(Question question, int status) {
        boolean yes = status >= 200 && status < 300;
        // A token that may see little is a token all the same.
        boolean valid = question.path().equals(WHOSE) && status == 403;
        boolean no = question.path().equals(WHOSE) ? status == 401 : status == 401 || status == 403 || status == 404;
        if (!yes && !valid && !no) {
            throw new IllegalStateException("it answered " + status);
        }
        if (failing.compareAndSet(true, false)) {
            LOG.info("the API server answers again");
        }
        return yes || valid;
    }

    private void failed(Throwable error) {
        counters.unanswered.increment();
        if (failing.compareAndSet(false, true)) {
            LOG.warn("the API server says neither yes nor no, and is asked again: {}", String.valueOf(error));
        }
    }
}
