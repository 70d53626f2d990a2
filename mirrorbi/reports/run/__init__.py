"""One run of a notebook: plan, execution, what is kept."""
