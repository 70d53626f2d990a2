"""The page: what a notebook shows, as one HTML file, inspected."""
