"""Server-rendered pages for people: the alert feed, the alert, the queue, trends, sources; and signing in."""
