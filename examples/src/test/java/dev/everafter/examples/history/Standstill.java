package dev.everafter.examples.history;

/**
 * Where readers stand still until the tail has let go of a number of events, and writers work only while enough of
 * them do. So who falls behind is a matter of demand, not of speed: on a slow machine it takes longer, and is the same.
 *
 * <p>Safe for use by any thread.
 */
final class Standstill {
    private final int enough;
    private long gone;
    private int standing;
    private boolean over;

    /** @param enough how many have to stand still for writers to work */
    Standstill(int enough) {
        this.enough = enough;
    }

    /** The tail has let go of so many more. */
    synchronized void letGo(int events) {
        gone += events;
        notifyAll();
    }

    /** Waits until so many more are gone. */
    synchronized void stand(int events) throws InterruptedException {
        long until = gone + events;
        standing++;
        notifyAll();
        try {
            while (gone < until && !over) {
                wait();
            }
        } finally {
            standing--;
        }
    }

    /** Waits until enough stand still; false if nobody will any more. */
    synchronized boolean awaitDemand() {
        try {
            while (standing < enough && !over) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return !over;
    }

    /** Nobody waits here any more. */
    synchronized void end() {
        over = true;
        notifyAll();
    }

    synchronized boolean isOver() {
        return over;
    }
}
