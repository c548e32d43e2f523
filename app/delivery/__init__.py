"""Sending what the outbox holds: when (`retry`), how (`webhook`), and the loop that does it (`dispatcher`)."""
