"""Writes that a person or a program asks for, shared by the API and the pages. Each is one transaction."""
