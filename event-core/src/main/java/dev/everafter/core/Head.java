package dev.everafter.core;

/**
 * How far everything is proven, and in which history. One object behind one volatile field, so nobody can pair the id of
 * one epoch with the name of another.
 *
 * @param generation counts the epochs this hub has seen
 */
record Head(int generation, String epoch, long id) {
    Head at(long newId) {
        return new Head(generation, epoch, newId);
    }

    Position position() {
        return new Position(epoch, id);
    }
}
