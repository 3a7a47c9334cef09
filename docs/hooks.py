"""Gives the manual its reference pages: made from the code each time it is built, and never kept."""

from __future__ import annotations

import reference_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each part of the reference."""
    for path, text in reference_pages.pages().items():
        files.append(File.generated(config, path, content=text))
    return files
