/** The log, the ordering of ids, filters, and the hub that feeds any number of cursors. */
module dev.everafter.core {
    requires transitive jakarta.json;
    requires static transitive org.jspecify;

    exports dev.everafter.core;
}
