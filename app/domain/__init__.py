"""The words of the trade: frozen values and enums, standard library only, no I/O."""
