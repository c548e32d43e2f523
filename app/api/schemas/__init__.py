"""What goes in and out over the API, as Pydantic models apart from the domain's values."""
