package dev.everafter.cli;

import dev.everafter.core.Filter;
import dev.everafter.core.FilterException;
import dev.everafter.core.FilterJson;
import dev.everafter.core.FilterText;
import dev.everafter.core.Position;
import dev.everafter.core.RawJson;
import dev.everafter.core.StartFrom;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Arguments to values; what can't be one is named together with what was expected. Stateless. */
final class Converters {
    private Converters() {}

    /** {@code now}, {@code start}, an event's id, or a time. */
    static final class Start implements ITypeConverter<StartFrom> {
        @Override
        public StartFrom convert(String text) {
            return switch (text) {
                case "now" -> StartFrom.now();
                case "start" -> StartFrom.beginning();
                default -> text.matches("[0-9]+") ? afterId(text) : StartFrom.time(time(text));
            };
        }

        private static StartFrom afterId(String text) {
            try {
                return new StartFrom.AfterId(Long.parseLong(text));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(
                        "\"" + text + "\" is no event's id: expected 0 to " + Position.MAX_ID);
            }
        }

        private static Instant time(String text) {
            try {
                return OffsetDateTime.parse(text).toInstant();
            } catch (DateTimeException e) {
                throw new TypeConversionException("\"" + text
                        + "\" is no start: expected now, start, an event's id such as 4711,"
                        + " or a time such as 2026-11-24T00:00:00Z");
            }
        }
    }

    /** A filter, as text or in its JSON form. */
    static final class Where implements ITypeConverter<Filter> {
        @Override
        public Filter convert(String text) {
            try {
                return text.strip().startsWith("[") ? FilterJson.parse(text) : FilterText.parse(text);
            } catch (FilterException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /** A moment. */
    static final class Time implements ITypeConverter<Instant> {
        @Override
        public Instant convert(String text) {
            try {
                return OffsetDateTime.parse(text).toInstant();
            } catch (DateTimeException e) {
                throw new TypeConversionException(
                        "\"" + text + "\" is no time: expected one such as 2027-01-01T00:00:00Z");
            }
        }
    }

    /** A JSON object. */
    static final class Attributes implements ITypeConverter<RawJson> {
        @Override
        public RawJson convert(String text) {
            RawJson json = RawJson.of(text);
            try {
                json.parse().asJsonObject();
                return json;
            } catch (RuntimeException e) {
                throw new TypeConversionException("\"" + text + "\" is no JSON object");
            }
        }
    }

    /** A server's WebSocket address. */
    static final class WebSocketAddress implements ITypeConverter<URI> {
        @Override
        public URI convert(String text) {
            try {
                URI uri = new URI(text);
                boolean webSocket = "ws".equals(uri.getScheme()) || "wss".equals(uri.getScheme());
                if (webSocket && uri.getHost() != null) {
                    return uri;
                }
            } catch (URISyntaxException e) {
                // the same advice
            }
            throw new TypeConversionException(
                    "\"" + text + "\" is no WebSocket address: expected one such as ws://127.0.0.1:8800/ws");
        }
    }
}
