"""Facts: statistics over the answers to queries, each with its proof."""
