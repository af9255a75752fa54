"""Policy-list files → frozen entries: one module per kind, the registry in `files.py`."""
