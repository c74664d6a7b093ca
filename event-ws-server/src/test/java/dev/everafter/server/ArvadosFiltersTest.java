package dev.everafter.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.everafter.core.Event;
import dev.everafter.core.Filter;
import dev.everafter.core.FilterException;
import dev.everafter.core.FilterRules;
import dev.everafter.core.RawJson;
import dev.everafter.core.Selection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArvadosFiltersTest {
    private static final ArvadosKinds KINDS = new ArvadosKinds(ArvadosKinds.KNOWN);
    private static final ArvadosFilters FILTERS = new ArvadosFilters(FilterRules.DEFAULT, KINDS);

    private static final Event EVENT = LogsRow.update(7)
            .with("event_at", "2026-11-23T15:07:53.5")
            .with("created_at", "2026-01-02T03:04:05.25")
            .with("summary", "an update")
            .with(
                    "properties",
                    "{\"text\":\"hello\",\"n\":3,\"list\":[\"x\",2],\"none\":null,\"a\":{\"b\":\"c\"},\"http://example/uri\":1}")
            .event(12);

    private static Filter parse(String json) {
        return FILTERS.parse(RawJson.of(json.replace('\'', '"')).parse());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "['event_type','=','update'] | true",
                "['event_type','=','create'] | false",
                "['event_type','!=','create'] | true",
                "['event_type','<>','update'] | false",
                "['event_type','in',['create','update','delete']] | true",
                "['event_type','not in',['create','delete']] | true",
                "['modified_at','=',null] | true",
                "['modified_at','!=','2026-01-01'] | true",
                "['modified_at','not in',['2026-01-01']] | true",
                "['id','>',11] | true",
                "['id','>',12] | false",
                "['object_uuid','=','zzzzz-4zz18-000000000000007'] | true",
                "['object_uuid','in',['zzzzz-4zz18-000000000000007']] | true",
                "['object_uuid','is_a','arvados#collection'] | true",
                "['object_uuid','is_a','arvados#group'] | false",
                "['object_uuid','is_a',['arvados#group','arvados#collection']] | true",
                "['owner_uuid','is_a','arvados#user'] | true",
                "['object_uuid','is_a','arvados#nobodyKnowsIt'] | false",
                "['object_kind','=','arvados#collection'] | true",
                "['object_kind','in',['arvados#group']] | false",
                "['object_kind','!=','arvados#group'] | true",
                "['object_kind','like','arvados#c%'] | true",
                "['object_kind','=',''] | false",
                "['created_at','>=','2026-01-02 03:04:05'] | true",
                "['created_at','>=','2026-01-02 03:04:06'] | false",
                "['created_at','>=','2026-01-02T03:04:05Z'] | true",
                "['created_at','>=','2026-01-02T05:04:05+02:00'] | true",
                "['created_at','>=','2026-01-02T05:04:06+02:00'] | false",
                "['created_at','>=','2026-01-02'] | true",
                "['created_at','<','2026-01-02'] | false",
                "['created_at','=','2026-01-02 03:04:05.250'] | true",
                "['created_at','in',['2026-01-02 03:04:05.250']] | true",
                "['created_at','like','2026-01-02%'] | true",
                "['properties.text','=','hello'] | true",
                "['properties.text','like','h_l%'] | true",
                "['properties.text','ilike','H%'] | true",
                "['properties.n','>=',3] | true",
                "['properties.a.b','=','c'] | true",
                "['properties.<http://example/uri>','=',1] | true",
                "['properties.none','exists',true] | true",
                "['properties.other','exists',false] | true",
                "['properties.other','exists',true] | false",
                "['properties.other','!=','x'] | true",
                "['properties','exists','text'] | true",
                "['properties','exists','http://example/uri'] | true",
                "['properties','exists','b'] | false",
                "['properties','contains','text'] | true",
                "['properties','contains',['text','n']] | true",
                "['properties','contains',['text','m']] | false",
                "['properties','like','%hello%'] | true",
                "['properties.list','contains','x'] | true",
                "['properties.list','contains',['x',2]] | true",
                "['properties.list','contains','y'] | false",
                "['properties.a','contains','b'] | true",
                "['properties.text','contains','hello'] | true",
                "['any','ilike','%AN UPD%'] | true",
                "['any','like','%hello%'] | true",
                // neither the topic, nor times, nor what isn't in a column
                "['any','like','public.logs'] | false",
                "['any','like','2026-%'] | false",
            })
    void shouldMatchAsArvadosListsDo(String condition, boolean expected) {
        Filter filter = parse("[" + condition + "]");
        ArvadosRow row = ArvadosRow.of(EVENT, KINDS).orElseThrow();
        assertEquals(expected, filter.matches(row));
        if (expected) {
            Selection selection = Selection.of(ArvadosFilters.wider(filter));
            assertTrue(selection.select(EVENT).isPresent(), "the log would not find it");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "'event_type'",
                "[[]]",
                "['event_type','=','update']",
                "[['event_type','=']]",
                "[['event_type','=','a','b']]",
                "[['event_type',1,'a']]",
                "[['event_type','~','a']]",
                "[['event_type','in','a']]",
                "[['event_type','=',{'a':1}]]",
                "[['event_type','exists',true]]",
                "[['nonsense','=','a']]",
                "[['data.uuid','=','a']]",
                "[['topic','=','a']]",
                "[['or',['uuid','=','a'],['uuid','=','b']]]",
                "[['not',['uuid','=','a']]]",
                "[[['uuid','=','a']]]",
                "[['created_at','>=','yesterday']]",
                "[['created_at','>=','2026-02-30']]",
                "[['created_at','>=',{'time':'2026-01-01'}]]",
                "[['object_uuid','is_a','collection']]",
                "[['object_uuid','is_a',7]]",
                "[['properties','exists',true]]",
                "[['properties','exists',['a']]]",
                "[['properties','contains',[]]]",
                "[['properties.a','exists','b']]",
                "[['properties.','=','b']]",
                "[['any','=','b']]",
            })
    void shouldRefuseWhatItCanNotUse(String filters) {
        assertThrows(FilterException.class, () -> parse(filters));
    }

    @Test
    void shouldRefuseMoreConditionsThanAFilterMayHave() {
        ArvadosFilters few =
                new ArvadosFilters(FilterRules.builder().conditions(1).build(), KINDS);
        assertThrows(
                FilterException.class,
                () -> few.parse(RawJson.of("[[\"uuid\",\"=\",\"a\"],[\"uuid\",\"=\",\"b\"]]")
                        .parse()));
    }

    @Test
    void shouldTakeNoneForEverythingAndMeanTheSame() {
        assertEquals(Filter.all().canonical(), parse("[]"));
        assertEquals(parse("[]"), parse("null"));
    }

    @Test
    void shouldTellEqualFiltersFromOthers() {
        String one = "[['event_type','in',['create','update']]]";
        assertEquals(parse(one), parse(one));
        assertNotEquals(parse(one), parse("[['event_type','in',['create']]]"));
    }

    @Test
    void shouldAskTheLogForWhatItCanTell() {
        String known = "['event_type','=','update'],['object_uuid','is_a','arvados#collection']";
        Filter wide = ArvadosFilters.wider(parse("[" + known + ",['properties.n','=',3],['object_kind','!=','']]"));
        assertEquals(parse("[" + known + "]"), wide.canonical());
    }
}
