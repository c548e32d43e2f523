"""The words of the trade: frozen values and enums, the standard library and ULIDs only, no I/O."""
