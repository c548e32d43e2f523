"""The hand-over from collecting to reading, behind `app.domain.ports.WorkQueue`; chosen by URL alone."""
