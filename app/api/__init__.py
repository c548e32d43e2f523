"""The JSON API under `/api/v1`: an application of its own, mounted by the runtime."""
