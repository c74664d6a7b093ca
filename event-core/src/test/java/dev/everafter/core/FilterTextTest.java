package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterTextTest {
    private static final Attribute X = Attribute.data("x");
    private static final Filter ONE = Filter.where(X).is(1);
    private static final Filter ORDERS = Filter.topic("public.orders");

    private static void assertReads(Filter expected, String text) {
        assertEquals(expected, FilterText.parse(text), text);
    }

    @Test
    void shouldReadConditions() {
        assertReads(ORDERS, "topic = 'public.orders'");
        assertReads(ORDERS, "  topic='public.orders'  ");
        assertReads(ONE, "data.x=1");
        assertReads(Filter.not(ONE), "data.x <> 1.0");
        assertReads(Filter.not(ONE), "data.x!=1");
        assertReads(Filter.where(X).lessThan(-1), "data.x<-1");
        assertReads(Filter.where(X).atLeast(1_000), "data.x >= 1e3");
        assertReads(Filter.where(X).compare(Condition.Order.GREATER, Value.of(new BigDecimal("0.5"))), "data.x > 0.5");
        assertReads(Filter.where(X).is("it's"), "data.x = 'it''s'");
        assertReads(Filter.where(X).is(""), "data.x = ''");
        assertReads(Filter.where(X).is("'"), "data.x = ''''");
        assertReads(Filter.where(X).is(true), "data.x = TRUE");
        assertReads(Filter.where(X).isNull(), "data.x is null");
        assertReads(Filter.where(X).isNull(), "data.x = null");
        assertReads(Filter.not(Filter.where(X).isNull()), "data.x IS NOT NULL");
        assertReads(
                Filter.where(X).in(List.of(Value.of("a"), Value.of(1), Value.absent())), "data.x in ('a',1 , null)");
        assertReads(Filter.not(Filter.where(X).in()), "data.x not in ()");
        assertReads(Filter.where(X).like("a%"), "data.x like 'a%'");
        assertReads(Filter.not(Filter.where(X).ilike("a%")), "data.x not ilike 'a%'");
        assertReads(Filter.any(LikePattern.of("%a", true)), "any ilike '%a'");
        assertReads(Filter.where(X).exists(), "data.x exists");
        assertReads(Filter.not(Filter.where(X).exists()), "data.x not exists");
        assertReads(Filter.where(X).contains("a"), "data.x contains 'a'");
        assertReads(Filter.where(X).contains("a", "b"), "data.x contains ('a', 'b')");
        assertReads(Filter.where(Attribute.AT).before(Instant.EPOCH), "at < '1970-01-01'");
        assertReads(Filter.where(Attribute.AT).before(Instant.EPOCH), "at < time '1970-01-01T01:00+01:00'");
        assertReads(Filter.where(X).since(Instant.EPOCH), "data.x >= time '1970-01-01 00:00:00'");
    }

    @Test
    void shouldReadOddNames() {
        assertReads(Filter.where(Attribute.data("a", "b")).is(1), "data.a.b=1");
        assertReads(Filter.where(Attribute.data("unit price")).is(1), "data.<unit price>=1");
        assertReads(Filter.where(Attribute.data("a.b>", "c")).is(1), "data.<a.b>>>.c = 1");
        assertReads(Filter.where(Attribute.data("")).is(1), "data.<> = 1");
        assertReads(Filter.where(Attribute.data("and", "not")).is(1), "data.and.not = 1");
        assertReads(Filter.where(Attribute.data("\u00e9-\ud83d\ude00\"")).is(1), "data.\u00e9-\ud83d\ude00\" = 1");
    }

    @Test
    void shouldReadWhatIsPutTogether() {
        Filter b = Filter.topic("b");
        assertReads(Filter.and(ORDERS, ONE), "topic = 'public.orders' and data.x = 1");
        assertReads(Filter.or(ORDERS, Filter.and(ONE, b)), "topic = 'public.orders' or data.x = 1 AND topic = 'b'");
        assertReads(Filter.and(Filter.or(ORDERS, ONE), b), "(topic = 'public.orders' or data.x = 1)and topic='b'");
        assertReads(Filter.and(Filter.not(ONE), b), "not data.x = 1 and topic = 'b'");
        assertReads(Filter.not(Filter.or(ONE, b)), "not (data.x = 1 or topic = 'b')");
        assertReads(Filter.not(Filter.not(ONE)), "not not data.x = 1");
        assertReads(Filter.all(), "true");
        assertReads(Filter.or(Filter.none(), ONE), "false or ((data.x = 1))");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        ``                          | at column 1: expected an attribute such as topic or data.column, or "(", or not, found the end
        topic                       | at column 6: expected an operator, one of =, !=, <, <=, >, >=, like, ilike, in, not in, is_a, exists, contains, found the end
        topic orders                | at column 7: expected an operator, one of =, !=, <, <=, >, >=, like, ilike, in, not in, is_a, exists, contains, found orders
        topic = orders              | at column 9: expected a value: 'text', a number, true, false, null, or time '...', found orders
        topic = "orders"            | at column 9: expected a value: 'text', a number, true, false, null, or time '...', found "orders"
        topic = 'orders             | at column 9: expected a text that a quote ends, found 'orders
        topic = 1                   | at column 9: "topic" can't be 1: expected a string
        colour = 'red'              | at column 1: unknown attribute "colour": expected topic, type, id, at, or a path such as data.column, key.column, old.column
        id = 1 and colour = 'red'   | at column 12: unknown attribute "colour": expected topic, type, id, at, or a path such as data.column, key.column, old.column
        data.x = 1 or               | at column 14: expected an attribute such as topic or data.column, or "(", or not, found the end
        data.x = 1 data.y = 2       | at column 12: expected and, or, or the end, found data.y = 2
        (data.x = 1                 | at column 12: expected and, or, or ")", found the end
        data.x = 1)                 | at column 11: expected and, or, or the end, found )
        data.x = 1x                 | at column 10: expected a number, found 1x
        data.x = 1e9999999999       | at column 10: expected a number, found 1e9999999999
        data.x in 1                 | at column 11: expected a list of values, not 1
        data.x in (1                | at column 13: expected "," or ")", found the end
        data.x in (1,)              | at column 14: expected a value: 'text', a number, true, false, null, or time '...', found )
        data.x = (1)                | at column 10: expected one value, not a list
        data.x not = 1              | at column 8: expected in, like, ilike or exists after not
        data.x is 1                 | at column 11: expected null, found 1
        data.x < null               | at column 10: expected a string, number or time to compare with, not null
        data.x = time 'noon'        | at column 15: expected a time such as '2026-11-24T00:00:00Z'
        data.x like 'a\\'            | at column 13: expected a character after the "\\" that ends the pattern
        id like '1'                 | at column 1: "id" is no string: expected another attribute for a pattern
        any = 'x'                   | at column 5: expected like or ilike for any, not =
        data.<x = 1                 | at column 6: expected a name that ">" ends, found <x = 1
        data. = 1                   | at column 1: unknown attribute "data.": expected topic, type, id, at, or a path such as data.column, key.column, old.column
        data.x contains ()          | at column 17: expected at least one value to contain
        """)
    void shouldSayWhatIsWrongAndWhere(String text, String message) {
        FilterException e = assertThrows(FilterException.class, () -> FilterText.parse(text), text);
        assertEquals(message, e.getMessage());
    }

    @Test
    void shouldKeepToItsLimits() {
        FilterRules rules = FilterRules.builder().depth(2).conditions(2).build();
        var unused = FilterText.parse("((topic = 'a')) and not not topic = 'a'", rules);
        assertThrows(FilterException.class, () -> FilterText.parse("(((topic = 'a')))", rules));
        assertThrows(FilterException.class, () -> FilterText.parse("not not not topic = 'a'", rules));
        assertThrows(FilterException.class, () -> FilterText.parse("id = 1 or id = 2 or id = 3", rules));
    }

    @Test
    void shouldWriteAsOneWouldByHand() {
        for (String text : List.of(
                "topic = 'public.orders' and (data.total > 100 or data.state in ('a', 'b'))",
                "data.x != 1 and data.x not in (1, 2) and not data.x like 'a%' and not (id = 1 or id = 2)",
                "data.<unit price> exists and any ilike '%x' and data.tags contains 'a'",
                "at >= time '2026-11-24T00:00:00Z' and data.x = null and data.x = true",
                "true",
                "false")) {
            assertEquals(text, FilterText.of(FilterText.parse(text)));
        }
    }
}
