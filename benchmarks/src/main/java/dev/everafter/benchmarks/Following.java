package dev.everafter.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Tells how far a server has followed its log.
 *
 * <p>For one thread.
 */
final class Following {
    private static final Pattern HEAD = Pattern.compile("\"head\":(\\d+)");

    private final HttpClient http = HttpClient.newHttpClient();
    private final HttpRequest health;
    private final Connection connection;

    /** @param connection to the log's database */
    Following(Child server, Connection connection) {
        this.health = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/health/ready"))
                .build();
        this.connection = connection;
    }

    /** Returns once the server has followed everything that is committed now. */
    void await() throws SQLException, IOException, InterruptedException {
        // of the last commit, wherever its events end
        long last = Database.number(connection, "SELECT coalesce(max(id), 0) FROM everafter.commit_log");
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (head() >> 8 < last) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the server doesn't follow its log");
            }
            TimeUnit.MILLISECONDS.sleep(2);
        }
    }

    private long head() throws IOException, InterruptedException {
        Matcher matcher =
                HEAD.matcher(http.send(health, BodyHandlers.ofString()).body());
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }
}
