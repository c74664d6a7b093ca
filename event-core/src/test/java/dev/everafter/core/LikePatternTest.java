package dev.everafter.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LikePatternTest {
    private static boolean like(String text, String pattern) {
        return LikePattern.of(pattern, false).matches(text);
    }

    @Test
    void shouldMatchTheWholeText() {
        assertTrue(like("abc", "abc"));
        assertFalse(like("abcd", "abc"));
        assertFalse(like("xabc", "abc"));
        assertTrue(like("", ""));
        assertFalse(like("a", ""));
        assertTrue(like("", "%"));
        assertFalse(like("", "_"));
        assertTrue(like("abcabd", "%abd"));
        assertTrue(like("aab", "%ab"));
        assertFalse(like("ab", "ab%ab"));
        assertFalse(like("aba", "ab%ba"));
        assertTrue(like("abba", "ab%ba"));
        assertTrue(like("xaybz", "%a_b%"));
        assertFalse(like("xabz", "%a_b%"));
    }

    @Test
    void shouldTakeACodePointForACharacter() {
        assertTrue(like("\ud83d\ude00", "_"));
        assertFalse(like("\ud83d\ude00", "__"));
        assertTrue(like("a\ud83d\ude00b", "%\ud83d\ude00%"));
        assertTrue(like("\ud83d\ude00\ud83d\ude01", "%\ud83d\ude01"));
        assertFalse(like("\ud83d\ude00", "\ud83d\ude01"));
    }

    @Test
    void shouldBeEqualWhenOnlyWrittenDifferently() {
        assertEquals(LikePattern.of("a%_b", false), LikePattern.of("\\a_%%b", false));
        assertEquals("a__%b", LikePattern.of("a%_%_%b", false).text());
        assertEquals("\\%\\_\\\\%", LikePattern.of("\\%\\_\\\\%%", false).text());
        assertEquals(LikePattern.of("A\u00c9\u212a", true), LikePattern.of("a\u00e9k", true));
        assertFalse(LikePattern.of("a", true).equals(LikePattern.of("a", false)));
    }

    @Test
    void shouldRefuseAnEscapeOfNothing() {
        assertThrows(FilterException.class, () -> LikePattern.of("a\\", false));
        assertThrows(FilterException.class, () -> LikePattern.of("\\\\\\", false));
    }

    @Test
    void shouldFoldEachCharacterOnce() {
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            int folded = LikePattern.fold(c);
            assertEquals(folded, LikePattern.fold(folded), Integer.toHexString(c));
        }
    }

    @Test
    void shouldAgreeWithTheDefinition() {
        Random random = new Random(4711);
        for (int i = 0; i < 10_000; i++) {
            String pattern = word(random, "ab%_", 90);
            String text = word(random, "ab", 200);
            assertEquals(defined(pattern, text), like(text, pattern), () -> text + " like " + pattern);
        }
    }

    /** By whether each beginning of the pattern matches each beginning of the text. */
    private static boolean defined(String pattern, String text) {
        boolean[] matches = new boolean[text.length() + 1];
        matches[0] = true;
        for (int p = 0; p < pattern.length(); p++) {
            char c = pattern.charAt(p);
            boolean[] next = new boolean[matches.length];
            for (int i = 0; i < next.length; i++) {
                next[i] = c == '%'
                        ? matches[i] || (i > 0 && next[i - 1])
                        : i > 0 && matches[i - 1] && (c == '_' || c == text.charAt(i - 1));
            }
            matches = next;
        }
        return matches[text.length()];
    }

    /** Short ones, so that many match, and some beyond a word's 64 places. */
    private static String word(Random random, String alphabet, int longest) {
        int length = random.nextInt(20) == 0 ? random.nextInt(longest) : random.nextInt(7);
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return word.toString();
    }

    /** Each of these would take any backtracking matcher longer than the universe has. */
    @Test
    @Timeout(60)
    void shouldNeverGoBack() {
        String text = "a".repeat(300_000);
        assertFalse(like(text, "%a".repeat(499) + "%b"));
        assertFalse(like(text, "%" + "a_".repeat(498) + "b%"));
        assertFalse(like(text, "%" + "a".repeat(997) + "b%"));
        assertTrue(like(text + "b", "%" + "a".repeat(997) + "b%"));
    }
}
