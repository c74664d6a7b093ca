package dev.everafter.cli;

import dev.everafter.core.Gap;
import dev.everafter.core.HubListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs what an operator should know of a hub, which itself logs nothing. Safe for use by any thread. */
final class HubLog implements HubListener {
    private static final Logger LOG = LoggerFactory.getLogger(HubLog.class);

    @Override
    public void onFellBehind() {
        LOG.debug("a subscriber fell behind the memory and reads the log again");
    }

    @Override
    public void onGap(Gap gap) {
        LOG.warn(
                "a subscriber is told that events after {} up to {} can't be had ({})",
                gap.after(),
                gap.to(),
                gap.reason());
    }

    @Override
    public void onColdReadFailed(RuntimeException error) {
        LOG.warn("a read of the log failed and will be tried again: {}", error.getMessage());
    }
}
