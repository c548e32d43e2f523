"""Plug-ins that read one kind of source each; they know the nouns and the egress, no database and no model."""
