package dev.everafter.server.leak;

import dev.everafter.server.EventEndpoint;
import dev.everafter.server.leak.Change.Shown;
import dev.everafter.server.leak.Findings.Path;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.spi.JsonProvider;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A client of one principal, which holds each message against what was written to the log: what comes is to be exactly
 * what its rights and its filter select of the range that the message is about. Beside that, no secret may stand anywhere
 * in what it is sent but those that belong there.
 *
 * <p>For one thread; what comes in between waits in a queue.
 */
final class WatchedClient implements WebSocket.Listener {
    private static final JsonProvider JSON = JsonProvider.provider();
    private static final Pattern SECRET = Pattern.compile("~[0-9]+~");

    private final SecretLog log;
    private final Findings findings;
    private final WebSocket socket;
    private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final Map<String, Sub> subs = new LinkedHashMap<>();
    private final Map<Integer, Sub> byRef = new HashMap<>();
    private final StringBuilder partly = new StringBuilder();
    private volatile boolean closed;
    private boolean welcomed;
    private Identity identity;
    private Rule rights;
    private Optional<Identity> shownNext = Optional.empty();
    private Optional<Revoked> revoked = Optional.empty();

    /** Who the client is, and what that lets it see. */
    record Identity(String subject, String token, Rule rights) {}

    /** New rights, which count for all that comes after {@code id}. */
    private record Revoked(long id, Rule rights) {}

    /** One subscription, and where it is. */
    static final class Sub {
        private final String name;
        private final Rule asked;
        private final boolean oracle;
        private final boolean windowed;
        private boolean started;
        private boolean live;
        private boolean unacked;
        private String epoch = "";
        private long position;

        Sub(String name, Rule asked, boolean oracle, boolean windowed) {
            this.name = name;
            this.asked = asked;
            this.oracle = oracle;
            this.windowed = windowed;
        }

        boolean started() {
            return started;
        }

        Rule asked() {
            return asked;
        }

        String epoch() {
            return epoch;
        }

        long position() {
            return position;
        }
    }

    WatchedClient(HttpClient http, int port, Identity identity, SecretLog log, Findings findings) {
        this.log = log;
        this.findings = findings;
        this.identity = identity;
        this.rights = identity.rights;
        this.socket = http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + identity.token)
                .subprotocols(EventEndpoint.SUBPROTOCOL)
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/ws"), this)
                .join();
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
        partly.append(text);
        if (last) {
            received.add(partly.toString());
            partly.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        received.add("\"" + reason + "\"");
        closed = true;
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed = true;
    }

    // what it does

    Identity identity() {
        return identity;
    }

    boolean isOpen() {
        return !closed;
    }

    boolean isWelcomed() {
        return welcomed;
    }

    Collection<Sub> subs() {
        return subs.values();
    }

    void subscribe(Sub sub, JsonValue from, String more) {
        subs.put(sub.name, sub);
        send("{\"type\":\"subscribe\",\"sub\":\"" + sub.name + "\",\"where\":"
                + sub.asked.filter().toJson() + ",\"from\":" + from + more + "}");
    }

    void unsubscribe(Sub sub) {
        send("{\"type\":\"unsubscribe\",\"sub\":\"" + sub.name + "\"}");
    }

    /** Says for each subscription with a window that all is handled. */
    void acknowledge() {
        for (Sub sub : subs.values()) {
            if (sub.windowed && sub.unacked) {
                sub.unacked = false;
                send("{\"type\":\"ack\",\"sub\":\"" + sub.name + "\",\"at\":" + sub.position + "}");
            }
        }
    }

    /** Shows another token of the same subject; its rights count from {@code authorized} on. */
    void show(Identity next) {
        shownNext = Optional.of(next);
        send("{\"type\":\"auth\",\"token\":\"" + next.token + "\"}");
    }

    /** Whether its rights are about to change. */
    boolean expectsRights() {
        return shownNext.isPresent() || revoked.isPresent();
    }

    /** By {@code id} the rights of its subject were revoked. */
    void revoked(long id, Rule now) {
        revoked = Optional.of(new Revoked(id, now));
    }

    void send(String json) {
        if (!closed) {
            socket.sendText(json, true).exceptionally(e -> socket).join();
        }
    }

    void abort() {
        closed = true;
        socket.abort();
    }

    /** Whether it has been told all that there is so far. */
    boolean isDone() {
        return closed
                || (welcomed
                        && !expectsRights()
                        && subs.values().stream()
                                .allMatch(sub ->
                                        sub.started && sub.epoch.equals(log.epoch()) && sub.position == log.head()));
    }

    // what it is told

    /** Judges all that has come so far. */
    void judge() {
        for (String text = received.poll(); text != null; text = received.poll()) {
            Set<String> allowed = new HashSet<>();
            JsonValue message = JSON.createReader(new StringReader(text)).readValue();
            if (message instanceof JsonObject object) {
                judge(object, allowed);
            }
            Matcher secrets = SECRET.matcher(text);
            while (secrets.find()) {
                if (!allowed.contains(secrets.group())) {
                    findings.foreign(identity.subject + " by " + rights + " got " + secrets.group() + ": " + text);
                }
            }
        }
    }

    private void judge(JsonObject message, Set<String> allowed) {
        String type = message.getString("type");
        switch (type) {
            case "welcome" -> welcomed = true;
            case "subscribed" -> start(message);
            case "events" -> events(message, allowed);
            case "position" -> {
                long to = number(message, "to");
                message.getJsonArray("refs").forEach(ref -> {
                    findings.take(Path.POSITION);
                    Optional.ofNullable(byRef.get(Integer.parseInt(ref.toString())))
                            .ifPresent(sub -> nothing(sub, to));
                });
            }
            case "caughtUp" -> sub(message).live = true;
            case "fellBehind" -> {
                sub(message).live = false;
                findings.take(Path.FELL_BEHIND);
            }
            case "gap" -> gap(message);
            case "unsubscribed" -> end(message);
            case "error" -> findings.take(Path.ERROR);
            case "authorized" -> authorized(message);
            default -> {}
        }
    }

    private Sub sub(JsonObject message) {
        return Optional.ofNullable(subs.get(message.getString("sub"))).orElseThrow();
    }

    private static long number(JsonObject message, String name) {
        return message.getJsonNumber(name).longValue();
    }

    private void start(JsonObject message) {
        Sub sub = sub(message);
        sub.epoch = message.getString("epoch");
        if (sub.started) {
            nothing(sub, number(message, "after"));
            return;
        }
        sub.started = true;
        sub.position = number(message, "after");
        byRef.put(message.getInt("ref"), sub);
    }

    /** Of one that never began it has kept nothing. */
    private void end(JsonObject message) {
        Sub sub = subs.remove(message.getString("sub"));
        if (sub != null) {
            nothing(sub, number(message, "at"));
            byRef.values().remove(sub);
            findings.take(Path.UNSUBSCRIBED);
        }
    }

    private void gap(JsonObject message) {
        Sub sub = sub(message);
        nothing(sub, number(message, "after"));
        findings.take(message.getString("reason").equals("rewound") ? Path.REWOUND : Path.RETENTION);
        sub.epoch = message.getJsonObject("resume").getString("epoch");
        sub.position = number(message.getJsonObject("resume"), "id");
    }

    private void authorized(JsonObject message) {
        message.getJsonObject("at").forEach((name, at) -> {
            Sub sub = subs.get(name);
            if (sub != null) {
                nothing(sub, Long.parseLong(at.toString()));
            }
        });
        if (shownNext.isPresent()) {
            identity = shownNext.get();
            rights = identity.rights;
            shownNext = Optional.empty();
            findings.take(Path.AUTHORIZED);
        } else if (revoked.isPresent()) {
            rights = revoked.get().rights;
            revoked = Optional.empty();
            findings.take(Path.REVOKED);
        }
    }

    /** The rights by which what happened at {@code id} may be shown. */
    private Rule rightsAt(long id) {
        return revoked.filter(now -> id > now.id).map(Revoked::rights).orElse(rights);
    }

    /** All up to {@code to} has been decided, and nothing is shown of it. */
    private void nothing(Sub sub, long to) {
        compare(sub, to, List.of(), new HashSet<>());
    }

    private void events(JsonObject message, Set<String> allowed) {
        Sub sub = Optional.ofNullable(byRef.get(message.getInt("ref"))).orElseThrow();
        if (number(message, "after") > sub.position) {
            findings.wrong("a hole after " + sub.position + ": " + message);
        }
        compare(sub, number(message, "to"), message.getJsonArray("items").getValuesAs(JsonObject.class), allowed);
        sub.unacked = true;
    }

    private void compare(Sub sub, long to, List<JsonObject> items, Set<String> allowed) {
        Map<Long, JsonObject> came = new LinkedHashMap<>();
        items.forEach(item -> came.put(number(item, "id"), item));
        List<Long> order = new ArrayList<>();
        for (Change change : log.changes(sub.epoch, sub.position, to)) {
            Optional<Shown> shown = change.shown(rightsAt(change.id()), sub.asked);
            JsonObject item = came.remove(change.id());
            if (item != null) {
                order.add(change.id());
                findings.deliver();
                count(sub, change, item);
            }
            if (shown.isPresent()) {
                addSecrets(shown.get(), allowed);
            }
            judge(sub, change, shown, item);
        }
        came.values()
                .forEach(item ->
                        findings.foreign("nothing of the kind was written after " + sub.position + ": " + item));
        if (order.size() == items.size()
                && !order.equals(List.copyOf(
                        items.stream().map(item -> number(item, "id")).toList()))) {
            findings.wrong("out of order: " + order);
        }
        sub.position = Math.max(sub.position, to);
    }

    private void judge(Sub sub, Change change, Optional<Shown> shown, @Nullable JsonObject item) {
        Rule by = rightsAt(change.id());
        String what = identity.subject + " by " + by + " asked for " + sub.asked + ": " + change + ": got " + item;
        if (item == null) {
            if (shown.isPresent() && change.mustCome(by, sub.asked)) {
                findings.wrong("missing: " + what);
            }
            return;
        }
        boolean foreign = (!change.showsBefore(by) && (item.containsKey("old") || item.containsKey("left")))
                || (!change.showsAfter(by) && item.containsKey("data"))
                || (shown.isEmpty() && !change.showsBefore(by) && !change.showsAfter(by));
        if (foreign) {
            findings.foreign(what);
        } else if (shown.isEmpty() || !matches(shown.get(), item)) {
            findings.wrong(what);
        }
    }

    private static boolean matches(Shown shown, JsonObject item) {
        Set<String> omitted = new HashSet<>();
        if (item.containsKey("omitted")) {
            item.getJsonArray("omitted").getValuesAs(JsonString.class).forEach(name -> omitted.add(name.getString()));
        }
        return shown.left() == item.containsKey("left")
                && matches("key", shown.key(), item, omitted)
                && matches("data", shown.data(), item, omitted)
                && matches("old", shown.old(), item, omitted);
    }

    /** What is omitted must be there to be shown: to name it tells that there is something. */
    private static boolean matches(String name, Optional<JsonObject> shown, JsonObject item, Set<String> omitted) {
        return omitted.contains(name)
                ? shown.isPresent() && !item.containsKey(name)
                : shown.equals(Optional.ofNullable(item.getJsonObject(name)));
    }

    private static void addSecrets(Shown shown, Set<String> allowed) {
        List.of(shown.key(), shown.data(), shown.old())
                .forEach(member -> member.ifPresent(columns -> {
                    Matcher secrets = SECRET.matcher(columns.toString());
                    while (secrets.find()) {
                        allowed.add(secrets.group());
                    }
                }));
    }

    private void count(Sub sub, Change change, JsonObject item) {
        findings.take(sub.live ? Path.LIVE : Path.REPLAY);
        if (sub.oracle) {
            findings.take(Path.ORACLE);
        }
        if (item.containsKey("left")) {
            findings.take(Path.LEFT);
        }
        if (item.containsKey("omitted")) {
            findings.take(Path.OMITTED);
        }
        if (change.type().equals("delete")) {
            findings.take(Path.DELETED);
        } else if (change.type().equals("truncate")) {
            findings.take(Path.TRUNCATED);
        } else if (change.type().equals("update") && item.containsKey("data")) {
            findings.take(item.containsKey("old") ? Path.OLD_SHOWN : Path.OLD_HIDDEN);
        }
    }
}
