package dev.everafter.core;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;

/** Any text at all, to the parser of the form for people; {@link FilterFuzzTest} starts it. */
public final class FilterTextFuzz {
    private FilterTextFuzz() {}

    /** Called by Jazzer. */
    public static void fuzzerTestOneInput(FuzzedDataProvider data) {
        String text = data.consumeRemainingAsString();
        Filter filter;
        try {
            filter = FilterText.parse(text);
        } catch (FilterException e) {
            FuzzedFilter.requirePlace(e, "at column ");
            return;
        }
        FuzzedFilter.check(filter);
    }
}
