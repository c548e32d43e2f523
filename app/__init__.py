"""Fretwatch, the service. ARCHITECTURE.md shows the way of a post."""

__version__ = "0.1.0"
