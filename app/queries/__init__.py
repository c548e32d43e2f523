"""Reads, shared by the API and the pages. They take an open transaction, and never more than a `Sight` allows."""
