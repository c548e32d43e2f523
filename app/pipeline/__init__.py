"""The way of a post, one verb a file; `build.py` lists the verbs in order."""
