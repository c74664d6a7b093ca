package dev.everafter.server;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The rules by which an {@link ArvadosEndpoint} serves, beside those that it shares with others, {@link EndpointOptions}.
 * {@link Builder} has the defaults.
 *
 * <p>Immutable and safe for use by any thread.
 */
public final class ArvadosOptions {
    private final URI api;
    private final String topic;
    private final Duration heartbeat;
    private final int subscriptions;
    private final Set<String> shownAttributes;
    private final List<String> classes;
    private final Duration permissionWait;
    private final int setAside;
    private final int checksAtOnce;
    private final Duration checkPatience;
    private final Duration allowFor;
    private final Duration denyFor;
    private final int remembered;
    private final Duration tokenPatience;

    private ArvadosOptions(Builder builder) {
        this.api = builder.api;
        this.topic = builder.topic;
        this.heartbeat = builder.heartbeat;
        this.subscriptions = builder.subscriptions;
        this.shownAttributes = builder.shownAttributes;
        this.classes = builder.classes;
        this.permissionWait = builder.permissionWait;
        this.setAside = builder.setAside;
        this.checksAtOnce = builder.checksAtOnce;
        this.checkPatience = builder.checkPatience;
        this.allowFor = builder.allowFor;
        this.denyFor = builder.denyFor;
        this.remembered = builder.remembered;
        this.tokenPatience = builder.tokenPatience;
    }

    /** Starts from the defaults, with the API server at {@code api}, such as {@code https://arvados.example.org}. */
    public static Builder builder(URI api) {
        return new Builder(api);
    }

    /** Where the API server is. */
    public URI api() {
        return api;
    }

    /** The topic of the rows' events. */
    public String topic() {
        return topic;
    }

    /** The silence after which a keep-alive is sent. */
    public Duration heartbeat() {
        return heartbeat;
    }

    /** The most subscriptions of one connection. */
    public int subscriptions() {
        return subscriptions;
    }

    /** The attributes of an object that are sent. */
    public Set<String> shownAttributes() {
        return shownAttributes;
    }

    /** The classes of objects that are known. */
    public List<String> classes() {
        return classes;
    }

    /** How long an event of which it isn't known who may see it holds its connection's others. */
    public Duration permissionWait() {
        return permissionWait;
    }

    /** The most events of one connection that wait beside its others. */
    public int setAside() {
        return setAside;
    }

    /** The most requests to the API server at a time. */
    public int checksAtOnce() {
        return checksAtOnce;
    }

    /** How long one request to the API server may take before it is made again. */
    public Duration checkPatience() {
        return checkPatience;
    }

    /** How long a yes holds. */
    public Duration allowFor() {
        return allowFor;
    }

    /** How long a no holds. */
    public Duration denyFor() {
        return denyFor;
    }

    /** How many answers are remembered. */
    public int remembered() {
        return remembered;
    }

    /** How long a client waits for its token to be known. */
    public Duration tokenPatience() {
        return tokenPatience;
    }

    /**
     * Describes an {@link ArvadosOptions}. Not safe for use by several threads; {@link #build()} copies.
     *
     * <p>Defaults: topic {@code public.logs}, heartbeat 60 s, 16 subscriptions a connection, the six attributes and the
     * fourteen classes that Arvados' own server knows; an undecided event holds others for 3 s, and up to 1,000 a connection wait
     * beside them; 16 requests to the API server at a time, of 10 s each; a yes holds for 5 min, a no for 1 min, and 100,000
     * answers are remembered; a token is waited for for 30 s.
     */
    public static final class Builder {
        private static final Duration SHORTEST_ANSWER = Duration.ofSeconds(1);
        private static final int FEWEST_ANSWERS = 1_000;

        private final URI api;
        private String topic = "public.logs";
        private Duration heartbeat = Duration.ofSeconds(60);
        private int subscriptions = 16;
        private Set<String> shownAttributes = ArvadosMessages.SHOWN;
        private List<String> classes = ArvadosKinds.KNOWN;
        private Duration permissionWait = Duration.ofSeconds(3);
        private int setAside = 1_000;
        private int checksAtOnce = 16;
        private Duration checkPatience = Duration.ofSeconds(10);
        private Duration allowFor = Duration.ofMinutes(5);
        private Duration denyFor = Duration.ofMinutes(1);
        private int remembered = 100_000;
        private Duration tokenPatience = Duration.ofSeconds(30);

        private Builder(URI api) {
            boolean usable =
                    api.getHost() != null && ("http".equals(api.getScheme()) || "https".equals(api.getScheme()));
            if (!usable || api.getQuery() != null || api.getUserInfo() != null) {
                throw new IllegalArgumentException("api must be an address such as https://arvados.example.org");
            }
            this.api = api;
        }

        /** The topic of the rows' events; {@code public.logs} by default. */
        public Builder topic(String topic) {
            this.topic = Objects.requireNonNull(topic, "topic");
            return this;
        }

        /** The silence after which a keep-alive is sent, at least 10 ms; 60 s by default. */
        public Builder heartbeat(Duration heartbeat) {
            this.heartbeat = EndpointOptions.atLeast10ms(heartbeat, "heartbeat");
            return this;
        }

        /** The most subscriptions of one connection, at least 1; 16 by default. Sixteen times as many are remembered. */
        public Builder subscriptions(int most) {
            this.subscriptions = atLeast(1, most, "subscriptions");
            return this;
        }

        /** The attributes of an object that are sent. */
        public Builder shownAttributes(Set<String> names) {
            this.shownAttributes = Set.copyOf(names);
            return this;
        }

        /** The classes of objects that are known; events of others are sent to nobody. */
        public Builder classes(List<String> names) {
            this.classes = List.copyOf(names);
            return this;
        }

        /** How long an event of which it isn't known who may see it holds its connection's others; 3 s by default. */
        public Builder permissionWait(Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException("permissionWait " + time + " is negative");
            }
            this.permissionWait = time;
            return this;
        }

        /**
         * The most events of one connection that wait beside its others, at least 1; 1,000 by default. Of more, those that have
         * waited longest are given up.
         */
        public Builder setAside(int most) {
            this.setAside = atLeast(1, most, "setAside");
            return this;
        }

        /** The most requests to the API server at a time, at least 1; 16 by default. */
        public Builder checksAtOnce(int most) {
            this.checksAtOnce = atLeast(1, most, "checksAtOnce");
            return this;
        }

        /** How long one request to the API server may take before it is made again, at least 10 ms; 10 s by default. */
        public Builder checkPatience(Duration time) {
            this.checkPatience = EndpointOptions.atLeast10ms(time, "checkPatience");
            return this;
        }

        /** How long a yes and a no hold, at least 1 s each; 5 min and 1 min by default. */
        public Builder answersFor(Duration allowed, Duration denied) {
            if (allowed.compareTo(SHORTEST_ANSWER) < 0 || denied.compareTo(SHORTEST_ANSWER) < 0) {
                throw new IllegalArgumentException("answers must hold for 1 s at least: " + allowed + ", " + denied);
            }
            this.allowFor = allowed;
            this.denyFor = denied;
            return this;
        }

        /** How many answers are remembered, at least 1,000; 100,000 by default. */
        public Builder remembered(int most) {
            this.remembered = atLeast(FEWEST_ANSWERS, most, "remembered");
            return this;
        }

        /** How long a client waits for its token to be known before it is told to come again; 30 s by default. */
        public Builder tokenPatience(Duration time) {
            this.tokenPatience = EndpointOptions.atLeast10ms(time, "tokenPatience");
            return this;
        }

        /** The options. */
        public ArvadosOptions build() {
            return new ArvadosOptions(this);
        }

        private static int atLeast(int least, int value, String name) {
            if (value < least) {
                throw new IllegalArgumentException(name + " " + value + " is below " + least);
            }
            return value;
        }
    }
}
