package dev.everafter.server.standalone;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;

/**
 * The console page, and the policy that lets its own script and style run and nothing else (Content Security Policy
 * Level 3): what events hold can't become code.
 */
final class ConsolePage {
    private static final String RESOURCE = "console.html";
    /** What can't end a directive of the policy. */
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.:\\[\\]-]+");

    private final String html;
    private final String policy;

    private ConsolePage(String html) {
        this.html = html;
        this.policy = "default-src 'none'; script-src " + hash(html, "script") + "; style-src " + hash(html, "style")
                + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'";
    }

    static ConsolePage load() {
        try (InputStream resource = ConsolePage.class.getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new IllegalStateException("resource " + RESOURCE + " is missing from the jar");
            }
            return new ConsolePage(new String(resource.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String html, String element) {
        Matcher content = Pattern.compile("<" + element + ">(.*?)</" + element + ">", Pattern.DOTALL)
                .matcher(html);
        if (!content.find()) {
            throw new IllegalStateException(RESOURCE + " has no <" + element + ">");
        }
        try {
            byte[] sum =
                    MessageDigest.getInstance("SHA-256").digest(content.group(1).getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(sum) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    void send(Request request, Response response) throws IOException {
        // Not every browser takes ws: for a part of 'self'.
        String host = request.getHeader("Host");
        boolean plain = host != null && HOST.matcher(host).matches();
        response.setHeader("Content-Security-Policy", plain ? policy + " ws://" + host + " wss://" + host : policy);
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        Pages.send(response, 200, "text/html", html);
    }
}
