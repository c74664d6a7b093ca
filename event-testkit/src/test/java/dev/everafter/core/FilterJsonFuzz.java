package dev.everafter.core;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;

/** Any text at all, to the parser of the wire form; {@link FilterFuzzTest} starts it. */
public final class FilterJsonFuzz {
    private FilterJsonFuzz() {}

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        String text = data.consumeRemainingAsString();
        Filter filter;
        try {
            filter = FilterJson.parse(text);
        } catch (FilterException e) {
            FuzzedFilter.requirePlace(e, "at /", "the filter: ", "not JSON: ");
            return;
        }
        FuzzedFilter.check(filter);
    }
}
