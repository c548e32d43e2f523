"""The hand-over from collecting to reading, behind `app.domain.ports.WorkQueue`. There is one: in the database."""
