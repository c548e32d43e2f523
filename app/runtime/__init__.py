"""The composition root: the only place that names concrete parts, and the only one where time passes by itself."""
