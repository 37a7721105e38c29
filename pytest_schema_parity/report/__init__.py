"""Reports of the results: text for the terminal, JSON and Markdown."""
